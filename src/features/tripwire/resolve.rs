//! Resolves `tripwire:` of a table spec.

use crate::diagnostic::{Code, Diagnostic, Sink, quoted};
use crate::features::tripwire::Tripwire;
use crate::project::files::TripwireEntry;
use crate::project::resolve::share;
use crate::project::shape::{Either, Never};
use crate::source::Spanned;

pub(crate) fn resolve(
    stated: &Spanned<Either<String, Never, TripwireEntry>>,
    model: &str,
    sink: &mut Sink,
) -> Option<Tripwire> {
    let what = format!("the tripwire of {model}");
    match &stated.value {
        Either::Scalar(text) => {
            let share = share::resolve(&Spanned { value: text.clone(), span: stated.span }, &what, sink)?;
            Some(Tripwire { share, at_least: 1 })
        }
        Either::List(never) => match *never {},
        Either::Map(long) => {
            let share = share::resolve(long.share.get()?, &what, sink);
            let Some(text) = long.at_least.get() else { return Some(Tripwire { share: share?, at_least: 1 }) };
            let at_least = text.value.0.replace('_', "").parse().ok().filter(|rows| (1..=1 << 40).contains(rows));
            if at_least.is_none() && !sink.has(Code::Share, text.span) {
                let message = format!("at_least of {what} is {}, which is not a number of rows", quoted(&text.value.0));
                sink.push(
                    Diagnostic::new(Code::Share, message, text.span, "not a number of rows")
                        .help("write a whole number, as in `at_least: 1000`"),
                );
            }
            Some(Tripwire { share: share?, at_least: at_least? })
        }
    }
}

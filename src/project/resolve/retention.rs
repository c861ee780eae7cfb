//! Resolves `retention:`, without the other tables.

use crate::diagnostic::{Code, Diagnostic, Sink, quoted};
use crate::project::files::RetentionEntry;
use crate::project::resolve::columns::Scope;
use crate::project::resolve::duration;
use crate::project::shape::{Either, Entries, Field};
use crate::project::{CutoffFrom, DAY, Length, Time};
use crate::source::Spanned;
use crate::sql::TimeUnit;

/// A retention whose parent is a name, not an id.
pub(crate) enum DraftRetention {
    For { length: Length, from: CutoffFrom },
    WhileIn { model: Spanned<String>, on: Option<Entries<String>> },
}

pub(super) fn retention(
    stated: &Spanned<RetentionEntry>,
    time: Option<Time>,
    scope: &Scope<'_>,
    sink: &mut Sink,
) -> Option<DraftRetention> {
    let what = scope.what;
    let RetentionEntry { r#for, from, until, while_in } = &stated.value;
    if let (Some(from), None) = (from.get(), r#for.get()) {
        let message = format!("retention of {what} has `from`, but no `for`: there is no length to measure back");
        sink.push(
            Diagnostic::new(Code::Duration, message, from.span, "without `for`")
                .help("remove it, or add `for: 180 days`"),
        );
        return None;
    }
    match (r#for, until, while_in) {
        (Field::Set(text), Field::Missing, Field::Missing) => {
            let length = duration::length(text, &format!("retention of {what}"), sink)?;
            if time.is_some_and(|time| time.unit == TimeUnit::Date)
                && matches!(length, Length::Seconds(seconds) if seconds % DAY != 0)
            {
                let message = format!(
                    "retention of {what} is {}, but its time is a date, which needs whole days",
                    quoted(&text.value)
                );
                sink.push(
                    Diagnostic::new(Code::Duration, message, text.span, "not whole days")
                        .help("write the retention in days"),
                );
                return None;
            }
            let from = match from {
                Field::Set(word) => word.value.0,
                Field::Missing => CutoffFrom::Newest,
                Field::Invalid => return None,
            };
            Some(DraftRetention::For { length, from })
        }
        (Field::Missing, Field::Set(name), Field::Missing) => {
            let column = scope.column(name, "until", sink)?;
            if column != time?.column {
                let message = format!(
                    "rows of {what} stay until {}, but `time` names another column: the period of a row, and whether it is due, come from `time`",
                    quoted(&name.value)
                );
                sink.push(
                    Diagnostic::new(Code::Duration, message, name.span, "not the column of `time`")
                        .help(format!("write `time: {{ column: {} }}`", name.value)),
                );
                return None;
            }
            Some(DraftRetention::For { length: Length::Seconds(0), from: CutoffFrom::Now })
        }
        (Field::Missing, Field::Missing, Field::Set(parent)) => match &parent.value {
            Either::Scalar(model) => {
                Some(DraftRetention::WhileIn { model: Spanned { value: model.clone(), span: parent.span }, on: None })
            }
            Either::List(never) => match *never {},
            Either::Map(long) => {
                let (model, on) = (long.model.get()?.clone(), long.on.get()?.value.clone());
                Some(DraftRetention::WhileIn { model, on: Some(on) })
            }
        },
        (Field::Invalid, ..) | (_, Field::Invalid, _) | (.., Field::Invalid) => None,
        _ => {
            let message = format!("retention of {what} must have exactly one of `for`, `until` and `while_in`");
            let has_none = matches!((r#for, until, while_in), (Field::Missing, Field::Missing, Field::Missing));
            let found = if has_none { "has none" } else { "has several" };
            sink.push(
                Diagnostic::new(Code::Duration, message, stated.span, found).help(
                    "write `retention: { for: 180 days }`, `{ until: expires_at }` or `{ while_in: other_model }`",
                ),
            );
            None
        }
    }
}

//! Verifies the statements of windowed loads. A project cannot override their templates, so it is
//! enough that each text parses and has the expected number of statements.

use crate::diagnostic::{Code, Diagnostic, Sink};
use crate::dialect::Dialect;
use crate::features::loads::WindowedLoad;
use crate::features::loads::render::RenderedWindowedLoad;
use crate::sql::parse::parse_emitted;

pub(crate) fn report(load: &WindowedLoad, rendered: &RenderedWindowedLoad, dialect: Dialect, sink: &mut Sink) {
    let with_aggregate = load.aggregate.is_some();
    for statement in rendered.statements.iter().chain([&rendered.clean]).chain(&rendered.monitors) {
        let expected = match statement.name {
            // BEGIN, DELETE, INSERT, COMMIT.
            "replace" => 4,
            "clean" => 2 + usize::from(with_aggregate),
            _ => 1,
        };
        let why = match parse_emitted(&statement.sql, dialect) {
            Ok(found) if found.len() == expected => continue,
            Ok(found) => format!("is {} statements where {expected} are needed", found.len()),
            Err(error) => format!("is not {dialect} SQL: {}", error.message),
        };
        let message = format!("{} of load {} {why}", statement.name, load.name.value.as_str());
        sink.push(Diagnostic::new(Code::Unparsable, message, load.places.entry, "compiled from here"));
    }
}

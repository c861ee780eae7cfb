//! Checks that each raw table is trimmed.

use std::collections::BTreeSet;

use crate::diagnostic::{Code, Diagnostic, Level, Sink, quoted};
use crate::project::Spec;
use crate::sql::Name;

/// Reports each raw table that a spec reads and no raw trim covers, once.
pub(crate) fn report(spec: &Spec, sink: &mut Sink) {
    let folded = |relation: &crate::sql::Relation| relation.folded(spec.dialect);
    let mut seen: BTreeSet<_> = spec.raw_tables.iter().map(|raw_table| folded(&raw_table.relation)).collect();
    for table in &spec.tables {
        let (Some(raw), Some(at)) = (&table.raw, table.places.raw) else { continue };
        if !seen.insert(folded(raw)) {
            continue;
        }
        let name = raw.parts().map(Name::as_str).collect::<Vec<_>>().join(".");
        let message = format!(
            "no raw trim covers {}, which {} reads: it grows with each delivery, and cycles become slower",
            quoted(&name),
            table.model.value.as_str()
        );
        sink.push(
            Diagnostic::new(Code::RawUntrimmed, message, at, "never trimmed").at_level(Level::Warning).help(format!(
                "add to `raw:` in rowkeep.yml: `- {{ table: {name}, time: {{ column: <arrival time of the row> }}, keep: 24 hours }}`"
            )),
        );
    }
}

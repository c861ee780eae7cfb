//! Raw tables that grow.

use std::collections::BTreeSet;

use crate::diagnostic::{Code, Diagnostic, Level, Sink, quoted};
use crate::project::Spec;
use crate::sql::Name;

/// Raw tables that specs read and nobody trims, each said once.
pub(crate) fn report(spec: &Spec, sink: &mut Sink) {
    let folded = |relation: &crate::sql::Relation| relation.folded(spec.dialect);
    let mut known: BTreeSet<_> = spec.raw_tables.iter().map(|raw_table| folded(&raw_table.relation)).collect();
    for table in &spec.tables {
        let (Some(raw), Some(at)) = (&table.source, table.places.source) else { continue };
        if !known.insert(folded(raw)) {
            continue;
        }
        let name = raw.parts().map(Name::as_str).collect::<Vec<_>>().join(".");
        let message = format!(
            "nobody trims {}, which {} reads: it grows with each delivery, and cycles become slower day by day",
            quoted(&name),
            table.model.value.as_str()
        );
        sink.push(
            Diagnostic::new(Code::RawUntrimmed, message, at, "grows without end").at_level(Level::Warning).help(format!(
                "add to rowkeep.yml: `raw: [{{ table: {name}, time: {{ column: <when it was landed> }}, keep: 24 hours }}]`"
            )),
        );
    }
}

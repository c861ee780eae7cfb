//! Identities that would give a number again. A new row with the number of an old one is taken for
//! a newer version of it, and replaces it.

use crate::cycle::plan::Slot;
use crate::diagnostic::{Code, Diagnostic, Sink, quoted};
use crate::doctor::live::Live;
use crate::project::{ColumnId, Filled, Spec, TableId};

/// An identity that is behind the numbers of its rows.
#[derive(Debug)]
pub(super) struct Behind {
    table: TableId,
    column: ColumnId,
    largest: String,
}

/// Asks for each identity whose mart and history tables can be read. `ask` returns the largest
/// number if the identity is behind it.
pub(super) fn read<E>(
    spec: &Spec,
    live: &Live,
    ask: &mut dyn FnMut(TableId, ColumnId) -> Result<Option<String>, E>,
) -> Result<Vec<Behind>, E> {
    let mut behind = Vec::new();
    for (id, table) in spec.tables() {
        for column in (0..table.columns.len()).map(ColumnId).filter(|&id| table.column(id).filled == Filled::Identity) {
            let name = table.column(column).name.folded(spec.dialect);
            let histories = spec.periods_of(id).map(|period| Slot::History(id, period));
            let mut all = std::iter::once(Slot::Mart(id)).chain(histories);
            if all.all(|slot| live.can_read(spec, slot, &[&name]))
                && let Some(largest) = ask(id, column)?
            {
                behind.push(Behind { table: id, column, largest });
            }
        }
    }
    Ok(behind)
}

pub(super) fn report(spec: &Spec, live: &Live, sink: &mut Sink) {
    for Behind { table: id, column, largest } in &live.behind {
        let table = spec.table(*id);
        let name = table.column(*column).name.folded(spec.dialect);
        let relation = table.relation.sql(spec.dialect);
        let message = format!(
            "the identity {} of {relation} has not counted up to {largest}, which a row has: a new row could get the number of an old one",
            quoted(&name)
        );
        let label = "the identity is declared here";
        sink.push(
            Diagnostic::new(Code::LiveGenerated, message, table.place_of(&name, spec.dialect), label)
                .help(format!("run `SELECT setval(pg_get_serial_sequence('{relation}', '{name}'), {largest})`")),
        );
    }
}

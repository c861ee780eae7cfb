//! Plans repairs.

use crate::cycle::plan::{Slot, Verb};
use crate::features::operation::Operation;
use crate::features::repairs::erase;
use crate::project::{ExceptionsId, Spec, TableId};

/// The statements with which an operator repairs one key.
#[derive(Clone, Debug)]
pub struct Repair {
    /// The name of the repair.
    pub name: &'static str,
    /// The table. `None` for a repair of an exceptions table, which serves all its tables.
    pub table: Option<TableId>,
    /// The statements, in run order.
    pub statements: Vec<Operation>,
}

/// Plans the repairs of all tables, then those of the exceptions tables.
pub(crate) fn plan(spec: &Spec) -> Vec<Repair> {
    let mut all = Vec::new();
    for (id, table) in spec.tables() {
        let exceptions = Slot::Exceptions(table.exceptions);
        let of_key = |name: String, template, verb, writes, reads, parameters, reason| {
            let operation = Operation::new(name, template, verb, writes, reads, reason);
            Operation { table: Some(id), parameters, ..operation }
        };
        let hold = of_key(
            "hold".to_owned(),
            "repairs/hold.sql.j2",
            Verb::Insert,
            exceptions,
            vec![exceptions],
            &["key", "notes"][..],
            "keep the rows of a key in place until the hold is lifted",
        );
        let lift = of_key(
            "lift".to_owned(),
            "repairs/lift.sql.j2",
            Verb::Update,
            exceptions,
            vec![exceptions],
            &["key", "notes"][..],
            "end the hold of a key: its due rows leave with the next cycle",
        );
        all.push(Repair { name: "hold", table: Some(id), statements: vec![hold] });
        all.push(Repair { name: "lift", table: Some(id), statements: vec![lift] });
        if table.is_purged() {
            continue;
        }
        let mart = Slot::Mart(id);
        // Independent of each other, and in the order of their names: files then sort in run order.
        let mut periods: Vec<_> = spec.periods_of(id).collect();
        periods.sort_by_key(|&period| spec.period(period).name.as_str());
        let histories = || periods.iter().map(|&period| (period, Slot::History(id, period)));
        let copies = std::iter::once(mart).chain(histories().map(|(_, history)| history)).collect();
        let mut restore = vec![of_key(
            "restore_01_insert".to_owned(),
            "repairs/restore.sql.j2",
            Verb::Insert,
            mart,
            copies,
            &["key"][..],
            "copy the newest archived version of each row of this key back, where the mart has none",
        )];
        restore.extend(histories().map(|(period, history)| {
            let name = format!("restore_02_cleanup__{}", spec.period(period).name);
            let reason = "delete copies of rows that are in the mart again";
            let operation =
                of_key(name, "repairs/cleanup.sql.j2", Verb::Delete, history, vec![mart], &["key"][..], reason);
            Operation { period: Some(period), ..operation }
        }));
        all.push(Repair { name: "restore", table: Some(id), statements: restore });
    }
    for number in 0..spec.exceptions.len() {
        let slot = Slot::Exceptions(ExceptionsId(number));
        let name = format!("resolve__{}", spec.exceptions_name(ExceptionsId(number)));
        let reason = "close the exceptions of a type and key; the next cycle opens them again if their cause remains";
        let operation = Operation::new(name, "repairs/resolve.sql.j2", Verb::Update, slot, Vec::new(), reason);
        let operation = Operation { parameters: &["key", "type", "notes"], ..operation };
        all.push(Repair { name: "resolve", table: None, statements: vec![operation] });
        all.extend(erase::plan(spec, ExceptionsId(number)));
    }
    all
}

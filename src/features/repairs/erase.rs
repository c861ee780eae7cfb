//! The repair that erases a key: it lists the key as erased, and deletes the rows of all listed
//! keys from every table in which they can be.

use crate::cycle::plan::{Slot, Verb, lists_due, lists_stale};
use crate::features::erasure::Erasure;
use crate::features::operation::Operation;
use crate::features::repairs::{ERASE, Repair};
use crate::project::{ExceptionsId, PeriodId, Spec, TableId};

/// Plans the repair of a list of erased keys. `None` if the exceptions table has no list.
///
/// The key is listed first, so no load brings its rows back while they are deleted. The DELETEs
/// read the list, so they can run again, and an operator can list many keys at once.
pub(super) fn plan(spec: &Spec, id: ExceptionsId) -> Option<Repair> {
    spec.exceptions(id).erased.as_ref()?;
    let (list, exceptions) = (Slot::Erased(id), Slot::Exceptions(id));
    let record = Operation::new(
        "01_record".to_owned(),
        "repairs/erase_record.sql.j2",
        Verb::Insert,
        list,
        vec![list, exceptions],
        "list a key as erased, unless an operator holds it: no load of Rowkeep brings it back",
    );
    let mut statements = vec![Operation { parameters: &["key", "notes"], ..record }];
    let delete = |name: String, target: Slot, reason| {
        let template = "repairs/erase.sql.j2";
        Operation::new(name, template, Verb::Delete, target, vec![list, exceptions], reason)
    };
    for (table, found) in spec.tables() {
        let own_holds = Some(Slot::Exceptions(found.exceptions)).filter(|own| *own != exceptions);
        statements.extend(targets(spec, table, id).into_iter().map(|Target { name, slot, period, erasure }| {
            let mut operation = delete(name, slot, "delete the rows of erased keys");
            operation.reads.extend(own_holds);
            Operation { period, erasure: Some(erasure), ..operation }
        }));
    }
    statements.push(delete("06_exceptions".to_owned(), exceptions, "delete the exceptions of erased keys"));
    // Files run in the order of their names.
    statements.sort_by(|a, b| a.name.cmp(&b.name));
    Some(Repair { name: ERASE, table: None, statements })
}

/// A relation that may have rows of an erased key.
struct Target {
    name: String,
    slot: Slot,
    period: Option<PeriodId>,
    erasure: Erasure,
}

/// The relations of a table, for each of its columns that may have an erased key of this list.
fn targets(spec: &Spec, id: TableId, list: ExceptionsId) -> Vec<Target> {
    let table = spec.table(id);
    let model = table.model.value.as_str();
    let mut all = Vec::new();
    let erasures = table.erasures.iter().filter(|erasure| erasure.list == list);
    for (number, &erasure) in erasures.enumerate() {
        // A second column of the same list is rare: a child that has two keys of its parent's list.
        let place = if number == 0 { model.to_owned() } else { format!("{model}__{}", number + 1) };
        let mut add = |name: String, slot, period| all.push(Target { name, slot, period, erasure });
        if spec.raw_tables.iter().any(|raw_table| raw_table.read_by.contains(&id)) {
            add(format!("02_raw__{place}"), Slot::Raw(id), None);
        }
        for period in spec.periods_of(id) {
            let name = format!("03_history__{place}__{}", spec.period(period).name);
            add(name, Slot::History(id, period), Some(period));
        }
        add(format!("04_mart__{place}"), Slot::Mart(id), None);
        // Work tables have the key and the time of a row.
        if table.proof().contains(&erasure.column) {
            if lists_stale(table) {
                add(format!("05_stale__{place}"), Slot::Stale(id), None);
            }
            if lists_due(table) {
                add(format!("05_due__{place}"), Slot::Due(id), None);
            }
        }
    }
    all
}

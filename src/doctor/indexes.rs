//! Large tables that lack an index, and statements of a cycle that read a whole history table
//! although it has an index.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::artifacts::manifest::{Hook, Manifest};
use crate::cycle::plan::{Index, IndexKind, Plan, Slot};
use crate::diagnostic::{Code, Diagnostic, Level, Sink, quoted, some};
use crate::doctor::live::{Live, key};
use crate::error::Error;
use crate::project::{Spec, TableId};

/// The number of rows from which a missing index is reported. A smaller table is read fast enough.
const LARGE: u64 = 100_000;

/// The size and the indexes of a table, as the catalogue has them.
#[derive(Debug, Default)]
pub(super) struct Storage {
    /// The number of rows that the planner expects.
    pub(super) rows: u64,
    /// Valid indexes of columns.
    pub(super) indexes: Vec<FoundIndex>,
}

/// An index of the database.
#[derive(Debug)]
pub(super) struct FoundIndex {
    pub(super) is_unique: bool,
    /// Whether it has only the rows that meet a condition.
    pub(super) is_partial: bool,
    /// Whether it belongs to a deferrable constraint. ON CONFLICT does not use such an index.
    pub(super) is_deferrable: bool,
    /// In the order of the index.
    pub(super) columns: Vec<String>,
}

/// A statement of a cycle that would read all rows of a large history table.
#[derive(Debug)]
pub(super) struct Scan {
    table: TableId,
    /// Model and statement.
    statement: String,
    /// The history table.
    relation: String,
}

/// Returns the plan of a statement, by its name, as JSON.
type Explain<'a> = dyn FnMut(&str, &Hook) -> Result<Option<String>, Error> + 'a;

/// Asks for the plan of each statement of a cycle that reads history tables. Stops at the first
/// statement that the database refuses to plan, with its reason.
pub(super) fn scans(
    spec: &Spec,
    manifest: &Manifest,
    live: &Live,
    explain: &mut Explain<'_>,
) -> (Vec<Scan>, Option<String>) {
    let mut all = Vec::new();
    for (id, node) in spec.tables().map(|(id, _)| (id, &manifest.nodes[&spec.unique_id(id)])) {
        let large: Vec<_> = spec
            .periods_of(id)
            .map(|period| spec.history(id, period))
            .filter(|history| live.storage.get(&key(spec, history)).is_some_and(|found| found.rows >= LARGE))
            .collect();
        let reads_large = |hook: &&Hook| large.iter().any(|history| hook.reads.contains(&history.sql(spec.dialect)));
        for hook in node.post_hooks.iter().filter(reads_large) {
            let name = format!("{}/{}", node.name, hook.name);
            let plan = match explain(&name, hook) {
                Ok(plan) => plan.and_then(|plan| serde_json::from_str::<Value>(&plan).ok()).unwrap_or_default(),
                Err(error) => return (all, Some(format!("because the database refuses: {error}"))),
            };
            let mut scanned = BTreeSet::new();
            read_as_a_whole(&plan, &mut scanned);
            for history in large.iter().filter(|history| scanned.contains(&key(spec, history))) {
                all.push(Scan { table: id, statement: name.clone(), relation: history.sql(spec.dialect) });
            }
        }
    }
    (all, None)
}

/// The tables, by schema and name, of which a plan reads all rows.
fn read_as_a_whole(plan: &Value, found: &mut BTreeSet<(String, String)>) {
    match plan {
        Value::Array(parts) => parts.iter().for_each(|part| read_as_a_whole(part, found)),
        Value::Object(node) => {
            let text = |key: &str| node.get(key).and_then(Value::as_str);
            // Without a condition, an index is read from end to end.
            let is_whole = match text("Node Type") {
                Some("Seq Scan") => true,
                Some("Index Scan" | "Index Only Scan") => !node.contains_key("Index Cond"),
                _ => false,
            };
            if let (true, Some(schema), Some(name)) = (is_whole, text("Schema"), text("Relation Name")) {
                found.insert((schema.to_owned(), name.to_owned()));
            }
            node.values().for_each(|part| read_as_a_whole(part, found));
        }
        _ => {}
    }
}

pub(super) fn report(spec: &Spec, plan: &Plan, live: &Live, sink: &mut Sink) {
    let mut tables: Vec<(TableId, Vec<&Index>)> = Vec::new();
    for index in plan.indexes.iter().filter(|index| is_missing(spec, live, index)) {
        let id = index.on.table().expect("marts and history tables have an owner");
        match tables.iter_mut().find(|(other, _)| *other == id) {
            Some((_, indexes)) => indexes.push(index),
            None => tables.push((id, vec![index])),
        }
    }
    // Without its index, a table is always read as a whole.
    let lacks = |scan: &&Scan| {
        let mut missing = tables.iter().flat_map(|(_, indexes)| indexes);
        missing.any(|index| index.on.relation(spec).sql(spec.dialect) == scan.relation)
    };
    let scans: Vec<_> = live.scans.iter().filter(|scan| !lacks(scan)).collect();
    for (id, indexes) in tables {
        let table = spec.table(id);
        let mut on: Vec<_> = indexes.iter().map(|index| index.on.relation(spec).sql(spec.dialect)).collect();
        on.dedup();
        let message = format!(
            "{} {} an index that cycles of {} need: a cycle reads all rows of {}",
            some(&on),
            if on.len() == 1 { "lacks" } else { "lack" },
            table.model.value.as_str(),
            if on.len() == 1 { "it" } else { "them" },
        );
        let files: Vec<_> = indexes.iter().map(|index| format!("ddl/{}", index.file_name(spec))).collect();
        // Without its index, a mart is not updated in place.
        let other = match table.is_updated_in_place() {
            true => "",
            false => "; or write `layout: { index: none }` if there is a reason",
        };
        let help = format!("run {}{other}", some(&files));
        sink.push(
            Diagnostic::new(Code::LiveIndex, message, table.model.span, "its statements find rows by key and time")
                .at_level(Level::Warning)
                .help(help),
        );
    }
    for id in spec.tables().map(|(id, _)| id) {
        let of_table: Vec<_> = scans.iter().filter(|scan| scan.table == id).collect();
        let Some(first) = of_table.first() else { continue };
        let mut relations: Vec<_> = of_table.iter().map(|scan| scan.relation.clone()).collect();
        relations.sort();
        relations.dedup();
        let message = format!(
            "the plan of {} reads all rows of {}, although only the keys of a batch are needed",
            quoted(&first.statement),
            some(&relations)
        );
        sink.push(
            Diagnostic::new(Code::LiveScan, message, spec.table(id).model.span, "a cycle of this table is slow")
                .at_level(Level::Warning)
                .help("look at it with EXPLAIN; run ANALYZE on the mart and its history tables, and check the planner settings of this role"),
        );
    }
}

/// Whether no index of a large table serves the purpose of an index of the plan.
fn is_missing(spec: &Spec, live: &Live, index: &Index) -> bool {
    let relation = index.on.relation(spec);
    let Some(storage) = live.storage.get(&key(spec, &relation)).filter(|storage| storage.rows >= LARGE) else {
        return false;
    };
    let table = spec.table(index.on.table().expect("marts and history tables have an owner"));
    let columns = match index.kind {
        // The unique key alone finds the versions of a row.
        IndexKind::Key | IndexKind::UniqueKey => &table.unique_key,
        IndexKind::Time | IndexKind::Parent => &index.columns,
    };
    let wanted: BTreeSet<_> = columns.iter().map(|&column| table.column(column).name.folded(spec.dialect)).collect();
    // A partial index cannot find every row.
    let serves = |found: &FoundIndex| {
        !found.is_partial
            && found.columns.len() >= wanted.len()
            && found.columns[..wanted.len()].iter().cloned().collect::<BTreeSet<_>>() == wanted
    };
    live.is_here(spec, &relation) && !storage.indexes.iter().any(serves)
}

/// The columns of those unique indexes of a table that are wanted, each list once. A partial index
/// is unique among the rows that meet its condition.
pub(super) fn unique_columns<'a>(
    spec: &Spec,
    live: &'a Live,
    slot: Slot,
    wanted: impl Fn(&FoundIndex) -> bool,
) -> BTreeSet<&'a Vec<String>> {
    let storage = live.storage.get(&key(spec, &slot.relation(spec)));
    let indexes = storage.iter().flat_map(|storage| &storage.indexes);
    indexes.filter(|index| index.is_unique && wanted(index)).map(|index| &index.columns).collect()
}

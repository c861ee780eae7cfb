//! Objects of the database that refuse or change rows of the project's tables: foreign keys, keys
//! of marts, identity columns, triggers, rules, row security, publications, missing privileges.

use std::collections::{BTreeMap, BTreeSet};

use crate::connect::Record;
use crate::cycle::plan::Slot;
use crate::diagnostic::{Code, Diagnostic, Level, Sink, quoted, some};
use crate::doctor::indexes::unique_columns;
use crate::doctor::live::{Live, key};
use crate::project::{Column, Filled, Retention, Spec, TableId};
use crate::sql::Relation;

/// Something that the database has beside a table.
#[derive(Debug)]
pub(super) struct Surrounding {
    schema: String,
    table: String,
    name: String,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// A foreign key of another table.
    ForeignKey {
        deletes: OnDelete,
        /// The table that has the foreign key.
        from: String,
    },
    /// A column that the database fills.
    Filled {
        /// `generated`, or an identity that is `always` or `default`.
        how: String,
    },
    Trigger {
        events: String,
        function: String,
    },
    Rule,
    RowSecurity,
    /// A publication whose subscribers could not find a changed row.
    Publication,
    /// A CHECK, as the catalogue writes it.
    Check(String),
    /// A foreign key of the table itself, and the table to which it refers.
    Refers(String),
    /// A table that the engine empties after a crash.
    Unlogged,
    /// A partition or a child of another table, given by its schema and its name: each of its rows
    /// is also a row of that table.
    Inherits((String, String)),
}

/// What the database does with the rows that refer to a deleted row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OnDelete {
    Refuse,
    Delete,
    /// SET NULL, or SET DEFAULT.
    Change,
}

impl Surrounding {
    /// Columns: kind, schema, table, name, detail, the other table or function.
    pub(super) fn of(row: Record) -> Option<Self> {
        let [kind, schema, table, name, detail, other] = <[_; 6]>::try_from(row).ok()?;
        let (detail, other) = (detail.unwrap_or_default(), other.unwrap_or_default());
        let kind = match kind?.as_str() {
            "foreign key" => {
                let deletes = match detail.as_str() {
                    "c" => OnDelete::Delete,
                    "n" | "d" => OnDelete::Change,
                    _ => OnDelete::Refuse,
                };
                Kind::ForeignKey { deletes, from: other }
            }
            "column" => Kind::Filled { how: detail },
            "trigger" => Kind::Trigger { events: detail, function: other },
            "rule" => Kind::Rule,
            "row security" => Kind::RowSecurity,
            "publication" => Kind::Publication,
            "check" => Kind::Check(detail),
            "refers" => Kind::Refers(other),
            "unlogged" => Kind::Unlogged,
            "inherits" => Kind::Inherits((detail, other)),
            _ => return None,
        };
        Some(Self { schema: schema?, table: table?, name: name?, kind })
    }
}

pub(super) fn report(spec: &Spec, live: &Live, sink: &mut Sink) {
    let mut tables: BTreeMap<(String, String), (Slot, TableId)> = BTreeMap::new();
    for (id, _) in spec.tables() {
        let work = [Slot::Cutoff(id), Slot::Stale(id), Slot::Due(id), Slot::Cycles(id)];
        let histories = spec.periods_of(id).map(|period| Slot::History(id, period));
        for slot in [Slot::Mart(id)].into_iter().chain(histories).chain(work) {
            let relation = slot.relation(spec);
            if live.is_here(spec, &relation) {
                tables.insert(key(spec, &relation), (slot, id));
            }
        }
    }
    // What several tables share is told of one of them.
    for (id, table) in spec.tables() {
        let shared = table.exceptions;
        let erased = spec.exceptions(shared).erased.as_ref().map(|_| Slot::Erased(shared));
        let is_trimmed = |raw: &&Relation| spec.raw_tables.iter().any(|one| one.relation.may_be(raw, spec.dialect));
        let raw = table.raw.as_ref().filter(is_trimmed).map(|_| Slot::Raw(id));
        for slot in [Slot::Exceptions(shared)].into_iter().chain(erased).chain(raw) {
            tables.entry(key(spec, &slot.relation(spec))).or_insert((slot, id));
        }
    }
    for found in &live.surroundings {
        let Some(&(slot, id)) = tables.get(&(found.schema.clone(), found.table.clone())) else { continue };
        if let Kind::Inherits(parent) = &found.kind {
            // The parent can be any table; only one of the project has rows of its own there.
            if let Some(&(parent, _)) = tables.get(parent) {
                sink.push(inherits(spec, slot, parent, id));
            }
            continue;
        }
        if let Some(diagnostic) = finding(spec, live, found, slot, id) {
            sink.push(diagnostic);
        }
    }
    // `Live` has no readers of other engines.
    let has_readers = spec.dialect.rules().enforces_keys();
    for (id, _) in spec.tables() {
        keys(spec, live, id, sink);
        narrow_keys(spec, live, id, sink);
        if has_readers {
            stored(spec, live, id, sink);
            readers(spec, live, id, sink);
        }
    }
}

/// Reports unique keys of history tables that are no keys of the mart.
fn narrow_keys(spec: &Spec, live: &Live, id: TableId, sink: &mut Sink) {
    let table = spec.table(id);
    let of_key: Vec<_> =
        table.unique_key.iter().map(|&column| table.column(column).name.folded(spec.dialect)).collect();
    for period in spec.periods_of(id) {
        let slot = Slot::History(id, period);
        for columns in unique_columns(spec, live, slot, |_| true) {
            if of_key.iter().all(|column| columns.contains(column)) {
                continue;
            }
            let relation = slot.relation(spec).sql(spec.dialect);
            let stated = columns.join(", ");
            let message = format!(
                "a unique key of {relation} on ({stated}) refuses rows that `unique_key` tells apart by ({}): the archive stops there",
                of_key.join(", ")
            );
            sink.push(
                Diagnostic::new(Code::LiveConstraint, message, table.model.span, "its rows are archived there")
                    .help("drop the key of the history table"),
            );
        }
    }
}

fn finding(spec: &Spec, live: &Live, found: &Surrounding, slot: Slot, id: TableId) -> Option<Diagnostic> {
    let table = spec.table(id);
    let relation = slot.relation(spec).sql(spec.dialect);
    let name = quoted(&found.name);
    let is_kept = matches!(slot, Slot::Mart(_) | Slot::History(..));
    let is_list = matches!(slot, Slot::Exceptions(_) | Slot::Erased(_));
    // Loads only read a raw table. A raw trim deletes its rows.
    let is_raw = matches!(slot, Slot::Raw(_));
    if is_raw && !matches!(found.kind, Kind::ForeignKey { .. } | Kind::RowSecurity) {
        return None;
    }
    let (code, message, help) = match &found.kind {
        Kind::ForeignKey { deletes, from } => {
            let deleter = match slot {
                Slot::Mart(_) => "the trim",
                Slot::Raw(_) => "the raw trim",
                Slot::History(..) => "the cleanup",
                _ => return None,
            };
            let copied = if is_raw { "loaded" } else { "archived" };
            let what = match deletes {
                OnDelete::Delete => {
                    format!("{deleter} of {relation} deletes the rows of {from} that refer to a row, {copied} or not")
                }
                OnDelete::Change => format!("{deleter} of {relation} changes the rows of {from} that refer to a row"),
                OnDelete::Refuse => format!("{deleter} of {relation} stops at each row to which {from} refers"),
            };
            (
                Code::LiveForeignKey,
                format!("the foreign key {name} of {from} refers to {relation}: {what}"),
                format!(
                    "run `ALTER TABLE {from} DROP CONSTRAINT {}`; the monitor kind `has_parent` then finds rows without their parent",
                    found.name
                ),
            )
        }
        Kind::Filled { how } if is_kept => {
            // Statements give no value for a column that the spec does not declare.
            let declared = table.columns.iter().find(|column| column.name.folded(spec.dialect) == found.name)?;
            let is_mart = matches!(slot, Slot::Mart(_));
            let (filled, what, change) = match how.as_str() {
                "default" => return None,
                "generated" => (Filled::Generated, "generated", "DROP EXPRESSION"),
                _ => (Filled::Identity, "an identity that is GENERATED ALWAYS", "SET GENERATED BY DEFAULT"),
            };
            if is_mart && declared.filled == filled {
                return None;
            }
            let change = format!("run `ALTER TABLE {relation} ALTER COLUMN {} {change}`", found.name);
            let help = match is_mart {
                true => format!("write `{}` after the type of {} in the spec; or {change}", filled.word(), found.name),
                false => change,
            };
            let fails = match is_mart && !inserts(spec, id) {
                true => "the repair `restore` fails",
                false => "each statement that inserts rows into the table fails",
            };
            (Code::LiveGenerated, format!("column {name} of {relation} is {what}: {fails}"), help)
        }
        Kind::Trigger { events, function } => (
            Code::LiveTrigger,
            format!(
                "the trigger {name} of {relation} calls {function} on {events}: a cycle calls it for the rows that it moves"
            ),
            "check that it changes no row of the project, and that it does not treat an archived row as deleted"
                .to_owned(),
        ),
        Kind::Rule => (
            Code::LiveTrigger,
            format!("the rule {name} of {relation} rewrites statements: they do not do what verify has proven"),
            format!("run `DROP RULE {} ON {relation}`", found.name),
        ),
        Kind::RowSecurity => (
            Code::LiveRowSecurity,
            match slot {
                Slot::Exceptions(_) => format!(
                    "row security hides rows of {relation} from this role: a hold that it does not see holds nothing"
                ),
                Slot::Erased(_) => {
                    format!("row security hides rows of {relation} from this role: a load brings erased keys back")
                }
                _ => format!(
                    "row security hides rows of {relation} from this role: a cycle does not see them, and monitors miss them"
                ),
            },
            "run cycles with the owner of the table, or with a role that has BYPASSRLS".to_owned(),
        ),
        Kind::Publication => (
            Code::LivePublication,
            format!("{relation} is in the publication {name} without a replica identity: each DELETE and UPDATE fails"),
            format!("run `ALTER TABLE {relation} REPLICA IDENTITY FULL`, or use a unique index as the identity"),
        ),
        Kind::Check(definition) if matches!(slot, Slot::History(..)) => {
            // A constraint that the mart has too refuses nothing more.
            let mart = key(spec, &Slot::Mart(id).relation(spec));
            let is_of_mart = |other: &&Surrounding| {
                (&other.schema, &other.table) == (&mart.0, &mart.1)
                    && matches!(&other.kind, Kind::Check(of_mart) if of_mart == definition)
            };
            if live.surroundings.iter().any(|other| is_of_mart(&other)) {
                return None;
            }
            let message = format!(
                "{name} of {relation} is `{definition}`, which the mart does not have: the archive stops at a row that does not meet it"
            );
            (Code::LiveConstraint, message, drop_constraint(&relation, &found.name))
        }
        Kind::Refers(other) if matches!(slot, Slot::History(..)) => {
            let message = format!(
                "the foreign key {name} of {relation} refers to {other}: the archive stops at a row whose reference is gone, and {other} cannot delete a row to which an archived one refers"
            );
            (Code::LiveConstraint, message, drop_constraint(&relation, &found.name))
        }
        Kind::Unlogged if is_kept || is_list => (
            Code::LiveUnlogged,
            format!("{} is unlogged: after a crash, it is empty", found.name),
            format!("run `ALTER TABLE {} SET LOGGED`", found.name),
        ),
        Kind::Filled { .. } | Kind::Check(_) | Kind::Refers(_) | Kind::Unlogged | Kind::Inherits(_) => return None,
    };
    let label = "an object of the database affects this table";
    let span = match slot {
        Slot::Exceptions(list) | Slot::Erased(list) => spec.exceptions(list).span,
        _ => table.model.span,
    };
    let diagnostic = Diagnostic::new(code, message, span, label).help(help);
    let is_warning = match found.kind {
        Kind::Trigger { .. } => true,
        Kind::Filled { .. } => matches!(slot, Slot::Mart(_)) && !inserts(spec, id),
        _ => false,
    };
    Some(if is_warning { diagnostic.at_level(Level::Warning) } else { diagnostic })
}

/// The finding about a table whose rows are also rows of another table of the project.
fn inherits(spec: &Spec, slot: Slot, parent: Slot, id: TableId) -> Diagnostic {
    let (relation, parent) = (slot.relation(spec).sql(spec.dialect), parent.relation(spec).sql(spec.dialect));
    let message = format!(
        "{relation} is a partition or a child of {parent}: each row of {relation} is also a row of {parent}, and a cleanup or a trim would delete the only row"
    );
    let help = format!(
        "run `ALTER TABLE {parent} DETACH PARTITION {relation}` for a partition, or `ALTER TABLE {relation} NO INHERIT {parent}` for a child"
    );
    let label = "an object of the database affects this table";
    Diagnostic::new(Code::LiveInherits, message, spec.table(id).model.span, label).help(help)
}

fn drop_constraint(relation: &str, name: &str) -> String {
    format!("run `ALTER TABLE {relation} DROP CONSTRAINT {name}`")
}

/// Reports columns that are `generated` in the spec only. No statement writes them.
fn stored(spec: &Spec, live: &Live, id: TableId, sink: &mut Sink) {
    let table = spec.table(id);
    let Some(mart) = live.find(spec, &table.relation) else { return };
    let place = key(spec, &table.relation);
    for column in table.columns.iter().filter(|column| column.filled == Filled::Generated) {
        let name = column.name.folded(spec.dialect);
        let is_generated = live.surroundings.iter().any(|found| {
            (&found.schema, &found.table, &found.name) == (&place.0, &place.1, &name)
                && matches!(&found.kind, Kind::Filled { how } if how == "generated")
        });
        if is_generated || !mart.columns.iter().any(|found| found.name == name) {
            continue;
        }
        let relation = table.relation.sql(spec.dialect);
        let message = format!(
            "column {} of {relation} is not generated: a row that returns from history has NULL there, and its copy is deleted",
            quoted(&name)
        );
        let label = "`generated` here";
        sink.push(
            Diagnostic::new(Code::LiveGenerated, message, table.place_of(&name, spec.dialect), label)
                .help(format!("remove `generated` from {name} in the spec")),
        );
    }
}

/// Whether statements insert rows into the mart: a load, or a restore of the children of a parent.
fn inserts(spec: &Spec, id: TableId) -> bool {
    let table = spec.table(id);
    table.load.is_some() || (matches!(table.retention, Retention::WhileIn { .. }) && !table.is_purged())
}

/// Reports history tables that a role may not read, although it may read others of the same mart. A
/// new table belongs to the role that created it.
fn readers(spec: &Spec, live: &Live, id: TableId, sink: &mut Sink) {
    let histories: Vec<_> = spec
        .periods_of(id)
        .map(|period| spec.history(id, period))
        .filter(|history| live.is_here(spec, history) && live.find(spec, history).is_some())
        .collect();
    let may_read = |history: &Relation, role: &String| {
        live.readers.get(&key(spec, history)).is_some_and(|roles| roles.contains(role))
    };
    let stated = spec.table(id).readers.iter().map(|reader| match reader.name.folded(spec.dialect) {
        name if name == "public" => name.to_uppercase(),
        name => name,
    });
    let stated: BTreeSet<_> = stated.collect();
    let seen: BTreeSet<_> =
        histories.iter().filter_map(|history| live.readers.get(&key(spec, history))).flatten().collect();
    for role in seen.into_iter().chain(&stated).collect::<BTreeSet<_>>() {
        let closed: Vec<_> = histories
            .iter()
            .filter(|history| !may_read(history, role))
            .map(|history| history.sql(spec.dialect))
            .collect();
        let Some(first) = closed.first() else { continue };
        let (reason, help) = if stated.contains(role) {
            ("`grants` names it as a reader", "run the files of ddl/ that begin with 07".to_owned())
        } else {
            (
                "it reads other history tables of the mart",
                format!("run `GRANT SELECT ON {first} TO {role}`, and add the role to `grants:` of the table spec"),
            )
        };
        let message = format!("{role} may not read {}, but {reason}", some(&closed));
        sink.push(
            Diagnostic::new(Code::LiveReader, message, spec.table(id).places.history, "its readers lack a table")
                .at_level(Level::Warning)
                .help(help),
        );
    }
}

/// Reports a unique key of a mart that refuses the newer version of a row, and a mart without the
/// unique key that its spec states. A newer version stands beside the older one until the next
/// statement removes that one, except in a mart that is updated in place.
fn keys(spec: &Spec, live: &Live, id: TableId, sink: &mut Sink) {
    let table = spec.table(id);
    if !table.is_versioned() || !inserts(spec, id) {
        return;
    }
    let name = |column| table.column(column).name.folded(spec.dialect);
    let time = name(table.time.column);
    let of_key: Vec<_> = table.unique_key.iter().map(|&column| name(column)).collect();
    let mart = Slot::Mart(id).relation(spec);
    let relation = mart.sql(spec.dialect);
    let has_each = |columns: &Vec<String>| of_key.iter().all(|column| columns.contains(column));
    let all = unique_columns(spec, live, Slot::Mart(id), |index| !index.is_partial);
    let usable = unique_columns(spec, live, Slot::Mart(id), |index| !index.is_partial && !index.is_deferrable);
    let is_key = |columns: &Vec<String>| columns.len() == of_key.len() && has_each(columns);
    let has_key = usable.iter().any(|columns| is_key(columns));
    let deferrable = unique_columns(spec, live, Slot::Mart(id), |index| !index.is_partial && index.is_deferrable);
    if table.is_updated_in_place() && has_key && deferrable.iter().any(|columns| is_key(columns)) {
        // "INSERT": a deferrable key cannot decide a conflict, even beside another key.
        let message = format!(
            "{relation} also has a deferrable unique key on ({}), which ON CONFLICT refuses: its load or its restore fails in each cycle",
            of_key.join(", ")
        );
        sink.push(
            Diagnostic::new(Code::LiveKey, message, table.model.span, "it is updated in place")
                .help("drop the deferrable key: the other one refuses the same rows"),
        );
    }
    if table.is_updated_in_place() && !has_key && live.find(spec, &mart).is_some() {
        let message = format!(
            "{relation} has no unique key on ({}) that ON CONFLICT can use: its load or its restore fails in each cycle",
            of_key.join(", ")
        );
        sink.push(
            Diagnostic::new(Code::LiveKey, message, table.model.span, "it is updated in place")
                .help("run the files ddl/06_*; if they find a key twice, delete the older rows of the key first"),
        );
    }
    let partial = unique_columns(spec, live, Slot::Mart(id), |index| index.is_partial);
    let each =
        all.into_iter().map(|columns| (columns, "")).chain(partial.into_iter().map(|columns| (columns, "partial ")));
    for (columns, kind) in each {
        if columns.contains(&time) {
            continue;
        }
        let is_part = columns.iter().all(|column| of_key.contains(column));
        let is_whole = has_each(columns);
        if table.is_updated_in_place() && (is_whole || !is_part) {
            continue;
        }
        let stated = columns.join(", ");
        if !is_part {
            // The engine gives each version another number.
            let is_numbered = |column: &Column| column.filled != Filled::ByInsert;
            let numbered = table.columns.iter().filter(|column| is_numbered(column));
            if numbered.map(|column| column.name.folded(spec.dialect)).any(|column| columns.contains(&column)) {
                continue;
            }
            let message = format!(
                "a {kind}unique key of {relation} on ({stated}) refuses a newer version of a row that has the same values: it stands beside the older one until the cycle removes that one"
            );
            let help = "write `layout: { index: unique_key }`: newer versions then replace older ones in place";
            sink.push(
                Diagnostic::new(Code::LiveKey, message, table.model.span, "the cycle could stop")
                    .at_level(Level::Warning)
                    .help(format!("{help}; or drop the key")),
            );
            continue;
        }
        let (message, help) = if is_whole {
            let message = format!(
                "a {kind}unique key of {relation} on ({stated}) refuses a newer version of a row: it stands beside the older one until the cycle removes that one"
            );
            let help = "write `layout: { index: unique_key }`: newer versions then replace older ones in place";
            (message, format!("{help}; or replace the key by a unique index on ({stated}, {time})"))
        } else {
            let message = format!(
                "a {kind}unique key of {relation} on ({stated}) refuses rows that `unique_key` tells apart by ({})",
                of_key.join(", ")
            );
            (message, "correct `unique_key`, or drop the key of the database".to_owned())
        };
        // A restore inserts a row of a key that the mart has only after a late older version.
        let level = if table.load.is_some() || !is_whole { Level::Error } else { Level::Warning };
        let label = if level == Level::Error { "the cycle would stop" } else { "a restore could stop" };
        sink.push(Diagnostic::new(Code::LiveKey, message, table.model.span, label).at_level(level).help(help));
    }
}

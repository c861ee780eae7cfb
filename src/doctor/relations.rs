//! Tables and views: what is missing, what is left over, what has other columns.

use std::collections::{BTreeMap, BTreeSet};

use crate::cycle::plan::{DefinitionKind, Plan, Slot};
use crate::diagnostic::{Code, Diagnostic, Level, Sink, some};
use crate::doctor::live::{Column, Found, Live, key, slots};
use crate::features::Operations;
use crate::project::naming::{CUTOFF, CYCLES, DUE, VERSIONS};
use crate::project::{ExceptionsId, Spec, Table};
use crate::source::Span;
use crate::sql::{Name, SqlType};

/// A column that a relation is to have.
struct Wanted {
    name: String,
    ty: String,
    not_null: bool,
}

/// Holds each relation of the project against what is there, and gives how many they are.
pub(super) fn report(spec: &Spec, plan: &Plan, operations: &Operations, live: &Live, sink: &mut Sink) -> usize {
    let all = slots(spec, plan, operations);
    let distinct: BTreeSet<_> = all.iter().map(|slot| slot.relation(spec).folded(spec.dialect)).collect();
    let relations = Relations { spec, live };
    relations.elsewhere(&all, sink);
    relations.missing(plan, &all, sink);
    relations.unreadable(&all, sink);
    relations.left_over(&all, sink);
    relations.kinds(&all, sink);
    relations.unique(sink);
    for slot in &all {
        relations.columns(*slot, sink);
    }
    relations.raw(sink);
    relations.views(plan, sink);
    distinct.len()
}

struct Relations<'a> {
    spec: &'a Spec,
    live: &'a Live,
}

impl Relations<'_> {
    fn sql(&self, slot: Slot) -> String {
        slot.relation(self.spec).sql(self.spec.dialect)
    }

    fn found(&self, slot: Slot) -> Option<&Found> {
        self.live.find(self.spec, &slot.relation(self.spec))
    }

    fn is_here(&self, slot: Slot) -> bool {
        self.live.is_here(self.spec, &slot.relation(self.spec))
    }

    /// The line of the project that a relation comes from.
    fn place(&self, slot: Slot) -> Span {
        let model = |table: &Table| table.model.span;
        match slot {
            Slot::History(_, period) => {
                let places = &self.spec.places;
                places.each_period.get(period.0).copied().unwrap_or(places.periods)
            }
            Slot::Exceptions(id) => self.spec.exceptions(id).span,
            Slot::Compared(id) => self.spec.monitor(id).name.span,
            Slot::Source(id) => self.spec.table(id).places.source.unwrap_or(model(self.spec.table(id))),
            Slot::Mart(id)
            | Slot::AllRows(id)
            | Slot::Cutoff(id)
            | Slot::Versions(id)
            | Slot::Due(id)
            | Slot::Cycles(id) => model(self.spec.table(id)),
        }
    }

    /// Relations of another database cannot be looked at from this one.
    fn elsewhere(&self, all: &[Slot], sink: &mut Sink) {
        let mut by_place = ByPlace::default();
        all.iter()
            .filter(|slot| !self.is_here(**slot))
            .for_each(|&slot| by_place.add(self.place(slot), self.sql(slot)));
        for (place, names) in by_place.0 {
            let message = format!("{} cannot be looked at from database {}", some(&names), self.live.database);
            sink.push(
                Diagnostic::new(Code::LiveUnreadable, message, place, "in another database")
                    .at_level(Level::Warning)
                    .help("run the doctor a second time, with the URL of that database"),
            );
        }
    }

    fn missing(&self, plan: &Plan, all: &[Slot], sink: &mut Sink) {
        let mut by_place = ByPlace::default();
        let absent = |slot: &&Slot| self.is_here(**slot) && self.found(**slot).is_none();
        let mut known = BTreeSet::new();
        let ours: BTreeMap<_, _> =
            plan.definitions.iter().map(|definition| (definition.creates, definition.kind)).collect();
        for &slot in all.iter().filter(absent) {
            if known.insert(slot.relation(self.spec).folded(self.spec.dialect)) {
                let kind = ours.get(&slot).map_or("", |kind| kind.as_str());
                let text = self.sql(slot);
                if kind.is_empty() {
                    let message = format!("{text} is not there, which {}", self.reader(slot));
                    let finding = Diagnostic::new(Code::LiveMissing, message, self.place(slot), "names it");
                    // A federated table stands in a catalogue of its own.
                    let may_be_external =
                        self.spec.dialect.rules().has_external_schemas() && matches!(slot, Slot::Compared(_));
                    sink.push(if may_be_external {
                        finding
                            .at_level(Level::Note)
                            .help("if it is an external table, look for it in svv_external_tables")
                    } else {
                        finding.help("create it, or correct its name here")
                    });
                } else {
                    by_place.add(self.place(slot), text);
                }
            }
        }
        for (place, names) in by_place.0 {
            let (verb, them) = if names.len() == 1 { ("is", "it") } else { ("are", "one of them") };
            let message =
                format!("{} {verb} not there: a cycle that names {them} fails, and loses nothing", some(&names));
            let help = "run the statements of ddl/ in the order of their names; those that are there stay as they are";
            sink.push(Diagnostic::new(Code::LiveMissing, message, place, "the project has it").help(help));
        }
    }

    fn reader(&self, slot: Slot) -> String {
        match slot {
            Slot::Compared(id) => format!("monitor {} compares with", self.spec.monitor(id).name.value),
            slot => {
                let model = slot.table().map_or("", |id| self.spec.table(id).model.value.as_str());
                format!("{model} reads")
            }
        }
    }

    fn unreadable(&self, all: &[Slot], sink: &mut Sink) {
        let mut by_place = ByPlace::default();
        for &slot in all {
            if self.found(slot).is_some_and(|found| !found.is_readable) {
                by_place.add(self.place(slot), self.sql(slot));
            }
        }
        for (place, names) in by_place.0 {
            let message = format!("this role may not read {}: nothing is known of the rows", some(&names));
            let help = "grant it USAGE of the schema and SELECT, and run the doctor again";
            sink.push(
                Diagnostic::new(Code::LiveUnreadable, message, place, "cannot be read")
                    .at_level(Level::Warning)
                    .help(help),
            );
        }
    }

    /// Tables that look like the project's and are none of it.
    fn left_over(&self, all: &[Slot], sink: &mut Sink) {
        let spec = self.spec;
        let known: BTreeSet<_> = all.iter().map(|slot| key(spec, &slot.relation(spec))).collect();
        let tables = self.live.relations.iter().filter(|(name, found)| !known.contains(*name) && found.kind != "v");
        for ((schema, name), found) in tables {
            let text = format!("{schema}.{name}");
            let prefix = |table: &&Table| {
                key(spec, &table.history).0 == *schema
                    && name.strip_prefix(&format!("{}_", table.history.name().folded(spec.dialect))).is_some()
            };
            // Of two prefixes of which one begins with the other, the longer one is meant.
            let table = spec.tables.iter().filter(prefix).max_by_key(|table| table.history.name().as_str().len());
            if let Some(table) = table
                && has_every_key(spec, table, found)
            {
                let message = format!(
                    "{text} looks like a history table of {}, and no period is called so: no statement, view or monitor sees its rows",
                    table.model.value.as_str()
                );
                let help = "list its period, whose bounds must be those of its rows; or drop the table, if it is empty";
                sink.push(
                    Diagnostic::new(
                        Code::LiveLeftOver,
                        message,
                        table.places.history,
                        "history tables begin like this",
                    )
                    .at_level(Level::Warning)
                    .help(help),
                );
                continue;
            }
            let is_exceptions = ["exception_type", "detected_at", "resolved_at", "resolution_notes"]
                .iter()
                .all(|wanted| found.columns.iter().any(|column| column.name == *wanted));
            let work = [CUTOFF, VERSIONS, DUE, CYCLES].into_iter().find(|end| name.ends_with(end));
            let (what, consequence) = match (is_exceptions, work) {
                (true, _) => ("an exceptions table", "what is open in it holds no row of this project"),
                (_, Some(_)) => ("a work table", "no statement of this project knows it"),
                _ => continue,
            };
            let message = format!("{text} looks like {what}, and no table of this project has it: {consequence}");
            let place = spec.tables.first().map_or(spec.places.periods, |table| table.model.span);
            sink.push(
                Diagnostic::new(Code::LiveLeftOver, message, place, "not of this table, nor of another")
                    .at_level(Level::Warning)
                    .help(
                        "another project's may stand in the same schema; what a removed or renamed model left can go",
                    ),
            );
        }
    }

    /// Views where tables belong: what is written there goes elsewhere, or nowhere.
    fn kinds(&self, all: &[Slot], sink: &mut Sink) {
        for &slot in all.iter().filter(|slot| !matches!(slot, Slot::AllRows(_) | Slot::Source(_) | Slot::Compared(_))) {
            if self.found(slot).is_some_and(|found| !["r", "p"].contains(&found.kind.as_str())) {
                let message = format!("{} is no table: statements insert into it and delete from it", self.sql(slot));
                let help = "put a table in its place";
                sink.push(
                    Diagnostic::new(Code::LiveKind, message, self.place(slot), "a table of the project").help(help),
                );
            }
        }
    }

    /// A unique exceptions table cannot hold a second occurrence after the first was resolved.
    fn unique(&self, sink: &mut Sink) {
        let spec = self.spec;
        for id in (0..spec.exceptions.len()).map(ExceptionsId) {
            let exceptions = spec.exceptions(id);
            let own = [exceptions.key.name.folded(spec.dialect), "exception_type".to_owned()];
            let Some(all) = self.live.unique.get(&key(spec, &exceptions.relation)) else { continue };
            for columns in all.iter().filter(|columns| columns.iter().all(|column| own.contains(column))) {
                let message = format!(
                    "{} is unique by {}: a second exception, once the first is closed, stops the cycle",
                    exceptions.relation.sql(spec.dialect),
                    columns.join(", ")
                );
                let help = "drop the constraint; a guard keeps it to one that is open";
                let label = "the exceptions table";
                sink.push(Diagnostic::new(Code::LiveUnique, message, exceptions.span, label).help(help));
            }
        }
    }

    fn columns(&self, slot: Slot, sink: &mut Sink) {
        let (Some(found), Some(wanted)) = (self.found(slot), self.wanted(slot)) else { return };
        let relation = self.sql(slot);
        let place = match slot {
            Slot::Mart(id) | Slot::History(id, _) => self.spec.table(id).places.columns,
            Slot::Cutoff(id) => self.spec.table(id).places.time,
            Slot::Versions(id) | Slot::Due(id) => self.spec.table(id).places.unique_key,
            slot => self.place(slot),
        };
        let is_view = matches!(slot, Slot::AllRows(_));
        let here = |wanted: &Wanted| found.columns.iter().find(|column| column.name == wanted.name);
        // A late-binding view has no columns in the catalogue.
        let missing: Vec<_> =
            wanted.iter().filter(|wanted| here(wanted).is_none()).map(|one| one.name.clone()).collect();
        let is_late_binding = is_view && found.columns.is_empty();
        if !missing.is_empty() && !is_late_binding {
            let message = format!(
                "{relation} lacks {}, which statements name: a cycle fails at the first of them",
                some(&missing)
            );
            let help = match slot {
                Slot::Mart(_) | Slot::History(..) => "ALTER TABLE ... ADD COLUMN; or take it out of `columns`",
                _ => "drop it, and run its statement of ddl/ again",
            };
            sink.push(Diagnostic::new(Code::LiveColumnMissing, message, place, "columns of the project").help(help));
        }
        if is_view {
            return;
        }
        for (wanted, column) in wanted.iter().filter_map(|wanted| Some((wanted, here(wanted)?))) {
            if column.ty != wanted.ty {
                let message = format!(
                    "{relation}.{} is {}, and the project has {}: copies may be cut, rounded or refused",
                    column.name, column.ty, wanted.ty
                );
                let help = "change the type on one side; marts, their history and work tables have one and the same";
                sink.push(Diagnostic::new(Code::LiveColumnType, message, place, "the type is stated here").help(help));
            }
            self.nullable(&relation, wanted, column, place, sink);
        }
        self.unknown(slot, &relation, &wanted, found, place, sink);
    }

    fn nullable(&self, relation: &str, wanted: &Wanted, column: &Column, place: Span, sink: &mut Sink) {
        let (message, level) = match (wanted.not_null, column.not_null) {
            (false, true) => {
                let message = format!(
                    "{relation}.{} refuses NULL, and the project does not say `not null`: a row without it stops the cycle",
                    column.name
                );
                (message, Level::Error)
            }
            (true, false) => {
                let message = format!(
                    "{relation}.{} takes NULL, and the project says `not null`: nothing keeps rows without it out",
                    column.name
                );
                (message, Level::Warning)
            }
            _ => return,
        };
        let help =
            "ALTER TABLE ... ALTER COLUMN ... SET or DROP NOT NULL; on Redshift, make the table anew and copy its rows";
        sink.push(
            Diagnostic::new(Code::LiveNull, message, place, "the column is declared here").at_level(level).help(help),
        );
    }

    /// What nobody declared is not copied, and the row is trimmed as copied.
    fn unknown(&self, slot: Slot, relation: &str, wanted: &[Wanted], found: &Found, place: Span, sink: &mut Sink) {
        let is_known = |column: &&Column| wanted.iter().any(|wanted| wanted.name == column.name);
        let unknown: Vec<_> =
            found.columns.iter().filter(|column| !is_known(column)).map(|column| column.name.clone()).collect();
        if unknown.is_empty() {
            return;
        }
        let (message, level) = match slot {
            Slot::Mart(_) => {
                let message = format!(
                    "{relation} has {}, which the project lacks: no archive copies it, and the row is trimmed as copied",
                    some(&unknown)
                );
                (message, Level::Error)
            }
            Slot::History(..) => (
                format!("{relation} has {}, which the project lacks: nothing fills it", some(&unknown)),
                Level::Warning,
            ),
            // More than what is needed does no harm in a table that only statements read.
            _ => return,
        };
        sink.push(
            Diagnostic::new(Code::LiveColumnUnknown, message, place, "columns of the project")
                .at_level(level)
                .help("add it to `columns` and to the history tables; or drop it"),
        );
    }

    /// The columns that a relation of ours is to have.
    fn wanted(&self, slot: Slot) -> Option<Vec<Wanted>> {
        let spec = self.spec;
        let folded = |name: &Name| name.folded(spec.dialect);
        let catalogue = |ty: SqlType| ty.in_catalogue(spec.dialect);
        let of = |name: &str, ty: SqlType| Wanted { name: name.to_owned(), ty: catalogue(ty), not_null: false };
        let column = |column: &crate::project::Column, not_null: bool| Wanted {
            name: folded(&column.name),
            ty: catalogue(column.ty),
            not_null,
        };
        Some(match slot {
            Slot::Mart(id) | Slot::History(id, _) | Slot::AllRows(id) => {
                spec.table(id).columns.iter().map(|one| column(one, one.not_null)).collect()
            }
            Slot::Versions(id) | Slot::Due(id) => {
                let table = spec.table(id);
                table.proof().into_iter().map(|one| column(table.column(one), false)).collect()
            }
            Slot::Cutoff(id) => {
                let table = spec.table(id);
                vec![of("cutoff", table.column(table.time.column).ty)]
            }
            Slot::Cycles(_) => vec![of("completed_at", SqlType::Timestamp)],
            Slot::Exceptions(id) => {
                let rest = [
                    ("exception_type", SqlType::Varchar(64)),
                    ("detected_at", SqlType::Timestamp),
                    ("resolved_at", SqlType::Timestamp),
                    ("notes", SqlType::Varchar(512)),
                    ("resolved_by", SqlType::Varchar(64)),
                    ("resolution_notes", SqlType::Varchar(512)),
                ];
                let key = column(&spec.exceptions(id).key, false);
                std::iter::once(key).chain(rest.into_iter().map(|(name, ty)| of(name, ty))).collect()
            }
            Slot::Source(_) | Slot::Compared(_) => return None,
        })
    }

    /// Columns of raw that statements name. Their types are the load's business.
    fn raw(&self, sink: &mut Sink) {
        let spec = self.spec;
        for (id, table) in spec.tables() {
            let Some(found) = table.source.as_ref().and_then(|raw| self.live.find(spec, raw)) else { continue };
            let mut wanted: Vec<(&Name, &str)> = Vec::new();
            let keys =
                table.unique_key.iter().map(|&column| (&table.column(column).name, "the cycle looks keys up by it"));
            wanted.extend(keys);
            if let Some(load) = &table.load {
                let order =
                    load.order_by.iter().map(|term| (&term.column, "`incremental: order_by` breaks ties by it"));
                let lookback =
                    load.lookback.iter().map(|one| (&one.column, "`incremental: lookback` is measured by it"));
                wanted.extend(order.chain(lookback));
                wanted.extend(table.columns.iter().map(|column| (&column.name, "the load selects it")));
            }
            let raw_table = spec.raw_tables.iter().filter(|raw_table| raw_table.read_by.contains(&id));
            wanted.extend(raw_table.map(|raw_table| (&raw_table.column.name, "its trim goes by it")));
            let mut said = BTreeSet::new();
            for (name, why) in wanted {
                let folded = name.folded(spec.dialect);
                if said.insert(folded.clone()) && !found.columns.iter().any(|column| column.name == folded) {
                    let message =
                        format!("{} lacks {folded}: {why}, and the next cycle fails", self.sql(Slot::Source(id)));
                    let help = "add it to the raw table; or name a column here that it has";
                    let place = self.place(Slot::Source(id));
                    sink.push(Diagnostic::new(Code::LiveRaw, message, place, "the raw table").help(help));
                }
            }
        }
    }

    /// Views that were made before a history table was.
    fn views(&self, plan: &Plan, sink: &mut Sink) {
        let spec = self.spec;
        for definition in plan.definitions.iter().filter(|definition| definition.kind == DefinitionKind::View) {
            let view = definition.creates.relation(spec);
            let Some(text) = self.live.views.get(&key(spec, &view)) else { continue };
            let lower = text.to_lowercase();
            let words: BTreeSet<&str> = lower.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
            let names = |slot: &&Slot| !words.contains(slot.relation(spec).name().as_str().to_lowercase().as_str());
            let absent: Vec<_> = definition.reads.iter().filter(names).map(|&slot| self.sql(slot)).collect();
            if !absent.is_empty() {
                let message = format!(
                    "{} does not read {}: who asks it misses those rows",
                    view.sql(spec.dialect),
                    some(&absent)
                );
                let help = "run its statement of ddl/ again";
                let place = self.place(definition.creates);
                sink.push(Diagnostic::new(Code::LiveView, message, place, "its view of all rows").help(help));
            }
        }
    }
}

/// What is said at one place of the project together, in the order in which it came.
#[derive(Debug, Default)]
struct ByPlace(Vec<(Span, Vec<String>)>);

impl ByPlace {
    fn add(&mut self, place: Span, what: String) {
        match self.0.iter_mut().find(|(known, _)| *known == place) {
            Some((_, all)) => all.push(what),
            None => self.0.push((place, vec![what])),
        }
    }
}

fn has_every_key(spec: &Spec, table: &Table, found: &Found) -> bool {
    let has = |name: &Name| found.columns.iter().any(|column| column.name == name.folded(spec.dialect));
    table.unique_key.iter().all(|&column| has(&table.column(column).name))
}

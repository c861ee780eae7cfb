//! Tables and views: missing relations, leftover relations, and other columns.

use std::collections::{BTreeMap, BTreeSet};

use crate::cycle::plan::{DefinitionKind, Plan, Slot};
use crate::diagnostic::{Code, Diagnostic, Level, Sink, some};
use crate::doctor::column_types::is_same_type;
use crate::doctor::indexes::unique_columns;
use crate::doctor::live::{Column, Found, Live, key, slots};
use crate::features::Operations;
use crate::project::naming::{
    CUTOFF, CYCLES, DUE, EXCEPTION_COLUMNS, PURGED, ROW_COUNT, STALE, STALE_PLACE, STALE_PLACE_TYPE, erased_columns,
    exception_types,
};
use crate::project::{Archive, ExceptionsId, Spec, Table};
use crate::source::Span;
use crate::sql::{Name, SqlType};

/// A column that a relation must have.
struct Expected {
    name: String,
    ty: String,
    /// Whether the catalogue writes the type as `ty` does. The spec may write a type of the engine
    /// in another way.
    is_mapped: bool,
    not_null: bool,
}

/// Compares each relation of the project with the database, and returns the number of relations.
pub(super) fn report(spec: &Spec, plan: &Plan, operations: &Operations, live: &Live, sink: &mut Sink) -> usize {
    let all = slots(spec, plan, operations);
    let distinct: BTreeSet<_> = all.iter().map(|slot| slot.relation(spec).folded(spec.dialect)).collect();
    let relations = Relations { spec, live };
    relations.in_other_database(&all, sink);
    relations.missing(plan, &all, sink);
    relations.unreadable(&all, sink);
    relations.left_over(&all, sink);
    relations.kinds(&all, sink);
    relations.unique(sink);
    for slot in &all {
        relations.columns(*slot, sink);
    }
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

    /// The line of the project that declares a relation.
    fn place(&self, slot: Slot) -> Span {
        let model = |table: &Table| table.model.span;
        match slot {
            Slot::History(_, period) => self.spec.span_of(period),
            Slot::Exceptions(id) | Slot::Erased(id) => self.spec.exceptions(id).span,
            Slot::Compared(id) => self.spec.monitor(id).name.span,
            Slot::Raw(id) => self.spec.table(id).places.raw.unwrap_or(model(self.spec.table(id))),
            Slot::Mart(id)
            | Slot::AllRows(id)
            | Slot::Copies(id)
            | Slot::Cutoff(id)
            | Slot::Stale(id)
            | Slot::Due(id)
            | Slot::Cycles(id)
            | Slot::Purged(id) => model(self.spec.table(id)),
        }
    }

    /// Reports relations of another database, which cannot be read from this one.
    fn in_other_database(&self, all: &[Slot], sink: &mut Sink) {
        let mut by_place = ByPlace::default();
        all.iter()
            .filter(|slot| !self.is_here(**slot))
            .for_each(|&slot| by_place.add(self.place(slot), self.sql(slot)));
        for (place, names) in by_place.0 {
            let message = format!("{} cannot be checked from database {}", some(&names), self.live.database);
            sink.push(
                Diagnostic::new(Code::LiveUnreadable, message, place, "in another database")
                    .at_level(Level::Warning)
                    .help("run the doctor again with the URL of that database"),
            );
        }
    }

    fn missing(&self, plan: &Plan, all: &[Slot], sink: &mut Sink) {
        let mut by_place = ByPlace::default();
        let absent = |slot: &&Slot| self.is_here(**slot) && self.found(**slot).is_none();
        let mut reported = BTreeSet::new();
        let kinds: BTreeMap<_, _> =
            plan.definitions.iter().map(|definition| (definition.creates, definition.kind)).collect();
        for &slot in all.iter().filter(absent) {
            if reported.insert(slot.relation(self.spec).folded(self.spec.dialect)) {
                let kind = kinds.get(&slot).map_or("", |kind| kind.as_str());
                let text = self.sql(slot);
                if kind.is_empty() {
                    let message = format!("{text} is missing, but {}", self.usage(slot));
                    let finding =
                        Diagnostic::new(Code::LiveMissing, message, self.place(slot), "the relation is named here");
                    // An external table is in another catalogue.
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
            let (verb, pronoun) = if names.len() == 1 { ("is", "it") } else { ("are", "one of them") };
            let message =
                format!("{} {verb} missing: a cycle that uses {pronoun} fails, but no row is lost", some(&names));
            let help = "run the statements of ddl/ in the order of their names; they skip existing relations";
            sink.push(Diagnostic::new(Code::LiveMissing, message, place, "the project needs it").help(help));
        }
    }

    fn usage(&self, slot: Slot) -> String {
        match slot {
            Slot::Compared(id) => format!("monitor {} compares with it", self.spec.monitor(id).name.value),
            slot => {
                let model = slot.table().map_or("", |id| self.spec.table(id).model.value.as_str());
                format!("{model} reads it")
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
            let message = format!("this role may not read {}: its rows cannot be checked", some(&names));
            let help = "grant the role USAGE on the schema and SELECT on the relation, and run the doctor again";
            sink.push(
                Diagnostic::new(Code::LiveUnreadable, message, place, "cannot be read")
                    .at_level(Level::Warning)
                    .help(help),
            );
        }
    }

    /// Reports tables that look like tables of the project but are not part of it.
    fn left_over(&self, all: &[Slot], sink: &mut Sink) {
        let spec = self.spec;
        let known: BTreeSet<_> = all.iter().map(|slot| key(spec, &slot.relation(spec))).collect();
        let tables = self.live.relations.iter().filter(|(name, found)| !known.contains(*name) && found.kind != "v");
        for ((schema, name), found) in tables {
            let text = format!("{schema}.{name}");
            let is_named = |table: &&Table| match &table.archive {
                Archive::Periods(names) => key(spec, names.without_period()).0 == *schema && names.may_name(name),
                _ => false,
            };
            // If several names match, the longest one is meant.
            let length = |table: &&Table| table.history().map_or(0, |history| history.name().as_str().len());
            let longest = spec.tables.iter().filter(is_named).max_by_key(length);
            if let Some(table) = longest
                && has_every_key(spec, table, found)
            {
                let message = format!(
                    "{text} looks like a history table of {}, but no period has this name: no statement, view or monitor reads its rows",
                    table.model.value.as_str()
                );
                let help = "list its period with the bounds of its rows; or drop the table if it is empty";
                sink.push(
                    Diagnostic::new(Code::LiveLeftOver, message, table.places.history, "the name of history tables")
                        .at_level(Level::Warning)
                        .help(help),
                );
                continue;
            }
            let has = |wanted: &&str| found.columns.iter().any(|column| column.name == **wanted);
            let is_exceptions = EXCEPTION_COLUMNS.iter().all(has);
            let work = [CUTOFF, STALE, DUE, CYCLES, PURGED].into_iter().find(|suffix| name.ends_with(suffix));
            let (what, consequence) = match (is_exceptions, work) {
                (true, _) => ("an exceptions table", "its open exceptions hold no row of this project"),
                (_, Some(_)) => ("a work table", "no statement of this project uses it"),
                _ => continue,
            };
            let message = format!("{text} looks like {what}, but it does not belong to this project: {consequence}");
            let place = spec.tables.first().map_or(spec.places.periods, |table| table.model.span);
            sink.push(
                Diagnostic::new(Code::LiveLeftOver, message, place, "no table of the project uses it")
                    .at_level(Level::Warning)
                    .help("drop it if a removed or renamed model left it behind; keep it if another project uses it"),
            );
        }
    }

    /// Reports views and other relations where the project needs a table: statements write to it.
    fn kinds(&self, all: &[Slot], sink: &mut Sink) {
        for &slot in all.iter().filter(|slot| !slot.is_view() && !matches!(slot, Slot::Raw(_) | Slot::Compared(_))) {
            if self.found(slot).is_some_and(|found| !["r", "p"].contains(&found.kind.as_str())) {
                let message =
                    format!("{} is not a table, but statements insert into it and delete from it", self.sql(slot));
                let help = "replace it with a table";
                sink.push(
                    Diagnostic::new(Code::LiveKind, message, self.place(slot), "a table of the project").help(help),
                );
            }
        }
    }

    /// Reports unique constraints on the exceptions table. They refuse a new exception after an
    /// earlier one of the same key and type was resolved.
    fn unique(&self, sink: &mut Sink) {
        let spec = self.spec;
        for id in (0..spec.exceptions.len()).map(ExceptionsId) {
            let exceptions = spec.exceptions(id);
            let own = [exceptions.key.name.folded(spec.dialect), "exception_type".to_owned()];
            let all = unique_columns(spec, self.live, Slot::Exceptions(id), |index| !index.is_partial);
            for columns in all.into_iter().filter(|columns| columns.iter().all(|column| own.contains(column))) {
                let message = format!(
                    "{} is unique by {}: the next exception after a closed one fails the cycle",
                    exceptions.relation.sql(spec.dialect),
                    columns.join(", ")
                );
                let help = "drop the constraint; a guard already prevents a second open exception";
                let label = "the exceptions table";
                sink.push(Diagnostic::new(Code::LiveUnique, message, exceptions.span, label).help(help));
            }
        }
    }

    fn columns(&self, slot: Slot, sink: &mut Sink) {
        let (Some(found), Some(expected)) = (self.found(slot), self.expected(slot)) else { return };
        let relation = self.sql(slot);
        let place = match slot {
            Slot::Mart(id) | Slot::History(id, _) => self.spec.table(id).places.columns,
            Slot::Cutoff(id) => self.spec.table(id).places.time,
            Slot::Stale(id) | Slot::Due(id) => self.spec.table(id).places.unique_key,
            slot => self.place(slot),
        };
        let is_view = slot.is_view();
        let actual = |expected: &Expected| found.columns.iter().find(|column| column.name == expected.name);
        let missing: Vec<_> =
            expected.iter().filter(|column| actual(column).is_none()).map(|column| column.name.clone()).collect();
        // A late-binding view has no columns in the catalogue.
        let is_late_binding = is_view && found.columns.is_empty();
        if !missing.is_empty() && !is_late_binding {
            let message =
                format!("{relation} lacks {}: a cycle fails at the first statement that uses it", some(&missing));
            let help = match slot {
                Slot::Mart(_) | Slot::History(..) => {
                    "run ALTER TABLE ... ADD COLUMN; or remove the column from `columns`"
                }
                Slot::Exceptions(_) => "run ALTER TABLE ... ADD COLUMN: dropping the table would lift all holds",
                Slot::Erased(_) => {
                    "state another table in `erased:`, and copy what this one lists into it: dropping it would bring erased keys back"
                }
                _ => "drop the relation, and run its statement of ddl/ again",
            };
            sink.push(Diagnostic::new(Code::LiveColumnMissing, message, place, "columns of the project").help(help));
        }
        if is_view {
            return;
        }
        for (expected, column) in expected.iter().filter_map(|expected| Some((expected, actual(expected)?))) {
            let place = match slot {
                Slot::Mart(id) | Slot::History(id, _) => {
                    self.spec.table(id).place_of(&expected.name, self.spec.dialect)
                }
                _ => place,
            };
            if expected.is_mapped && !is_same_type(self.spec, slot, &column.ty, &expected.ty) {
                let message = format!(
                    "{relation}.{} is {}, but the project has {}: copies may be cut, rounded or rejected",
                    column.name, column.ty, expected.ty
                );
                let help =
                    "change the type in the database or in the spec; mart, history and work tables need the same types";
                sink.push(Diagnostic::new(Code::LiveColumnType, message, place, "the type is stated here").help(help));
            }
            // A row without its time, or a part of its key, is never archived.
            let is_proof = matches!(slot, Slot::History(id, _) if {
                let table = self.spec.table(id);
                table.proof().iter().any(|&one| table.column(one).name.folded(self.spec.dialect) == column.name)
            });
            if !(is_proof && column.not_null) {
                self.nullable(&relation, expected, column, place, sink);
            }
        }
        self.unknown(slot, &relation, &expected, found, place, sink);
    }

    fn nullable(&self, relation: &str, expected: &Expected, column: &Column, place: Span, sink: &mut Sink) {
        let (message, level) = match (expected.not_null, column.not_null) {
            (false, true) => {
                let message = format!(
                    "{relation}.{} rejects NULL, but the project does not say `not null`: a row without a value fails the cycle",
                    column.name
                );
                (message, Level::Error)
            }
            (true, false) => {
                let message = format!(
                    "{relation}.{} accepts NULL, but the project says `not null`: the database does not reject rows without a value",
                    column.name
                );
                (message, Level::Warning)
            }
            _ => return,
        };
        let help = "run ALTER TABLE ... ALTER COLUMN ... SET NOT NULL or DROP NOT NULL; on Redshift, create the table again and copy its rows";
        sink.push(
            Diagnostic::new(Code::LiveNull, message, place, "the column is declared here").at_level(level).help(help),
        );
    }

    /// Reports columns that the spec does not declare. Archive does not copy them, and trim deletes
    /// them with the row.
    fn unknown(&self, slot: Slot, relation: &str, expected: &[Expected], found: &Found, place: Span, sink: &mut Sink) {
        let is_known = |column: &&Column| expected.iter().any(|expected| expected.name == column.name);
        let unknown: Vec<_> =
            found.columns.iter().filter(|column| !is_known(column)).map(|column| column.name.clone()).collect();
        if unknown.is_empty() {
            return;
        }
        let (message, level) = match slot {
            Slot::Mart(_) => {
                let message = format!(
                    "{relation} has {}, which the project lacks: archive does not copy it, and trim deletes it with the row",
                    some(&unknown)
                );
                (message, Level::Error)
            }
            Slot::History(..) => {
                let rejects = found.columns.iter().any(|column| !is_known(&column) && column.not_null);
                let what = match rejects {
                    true => "no statement fills it, and it rejects NULL: without a default, each archive fails",
                    false => "no statement fills it",
                };
                (format!("{relation} has {}, which the project lacks: {what}", some(&unknown)), Level::Warning)
            }
            // Further columns of work and exceptions tables do no harm.
            _ => return,
        };
        sink.push(
            Diagnostic::new(Code::LiveColumnUnknown, message, place, "columns of the project")
                .at_level(level)
                .help("add it to `columns` and to the history tables; or drop it"),
        );
    }

    /// The columns that a relation of the project must have.
    fn expected(&self, slot: Slot) -> Option<Vec<Expected>> {
        let spec = self.spec;
        let folded = |name: &Name| name.folded(spec.dialect);
        let catalogue_type = |ty: SqlType| ty.in_catalogue(spec.dialect);
        let nullable = |name: &str, ty: SqlType| Expected {
            name: name.to_owned(),
            ty: catalogue_type(ty),
            is_mapped: true,
            not_null: false,
        };
        let column = |column: &crate::project::Column, not_null: bool| Expected {
            name: folded(&column.name),
            ty: catalogue_type(column.ty),
            is_mapped: !matches!(column.ty, SqlType::Engine(_)),
            not_null,
        };
        Some(match slot {
            Slot::Mart(id) | Slot::History(id, _) | Slot::AllRows(id) | Slot::Copies(id) => {
                spec.table(id).columns.iter().map(|one| column(one, one.not_null)).collect()
            }
            Slot::Stale(id) | Slot::Due(id) => {
                let table = spec.table(id);
                let proof = table.proof().into_iter().map(|one| column(table.column(one), false));
                let place = matches!(slot, Slot::Stale(_)).then(|| nullable(STALE_PLACE, STALE_PLACE_TYPE));
                proof.chain(place).collect()
            }
            Slot::Cutoff(id) => {
                let table = spec.table(id);
                vec![nullable("cutoff", table.column(table.time.column).ty)]
            }
            Slot::Cycles(_) => vec![nullable("completed_at", SqlType::Timestamp)],
            Slot::Purged(id) => {
                let table = spec.table(id);
                let time = table.column(table.time.column).ty;
                vec![
                    nullable("purged_at", SqlType::Timestamp),
                    nullable(ROW_COUNT, SqlType::Bigint),
                    nullable("oldest_time", time),
                    nullable("newest_time", time),
                ]
            }
            Slot::Erased(id) => {
                let rest = erased_columns(spec.dialect).into_iter();
                let key = column(&spec.exceptions(id).listed_key(), false);
                std::iter::once(key).chain(rest.map(|(name, ty)| nullable(name, ty))).collect()
            }
            Slot::Exceptions(id) => {
                let rest = EXCEPTION_COLUMNS.into_iter().zip(exception_types(spec.dialect));
                let key = column(&spec.exceptions(id).key, false);
                std::iter::once(key).chain(rest.map(|(name, ty)| nullable(name, ty))).collect()
            }
            Slot::Raw(_) | Slot::Compared(_) => return None,
        })
    }

    /// Reports views that are older than one of their history tables, and so do not read it.
    fn views(&self, plan: &Plan, sink: &mut Sink) {
        let spec = self.spec;
        for definition in plan.definitions.iter().filter(|definition| definition.kind == DefinitionKind::View) {
            let view = definition.creates.relation(spec);
            let Some(text) = self.live.views.get(&key(spec, &view)) else { continue };
            let lower = text.to_lowercase();
            let identifiers: BTreeSet<&str> = lower.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
            let is_absent = |slot: &&Slot| {
                let name = slot.relation(spec).name().as_str().to_lowercase();
                // A name with spaces or dashes is in quotes.
                !identifiers.contains(name.as_str()) && !lower.contains(&format!("\"{name}\""))
            };
            let absent: Vec<_> = definition.reads.iter().filter(is_absent).map(|&slot| self.sql(slot)).collect();
            if !absent.is_empty() {
                let message = format!(
                    "{} does not read {}: queries on the view miss these rows",
                    view.sql(spec.dialect),
                    some(&absent)
                );
                let help = "run its statement of ddl/ again";
                let place = self.place(definition.creates);
                sink.push(Diagnostic::new(Code::LiveView, message, place, "the view over all rows").help(help));
            }
        }
    }
}

/// Names grouped by place in the project, in order of insertion.
#[derive(Debug, Default)]
struct ByPlace(Vec<(Span, Vec<String>)>);

impl ByPlace {
    fn add(&mut self, place: Span, what: String) {
        match self.0.iter_mut().find(|(other, _)| *other == place) {
            Some((_, all)) => all.push(what),
            None => self.0.push((place, vec![what])),
        }
    }
}

fn has_every_key(spec: &Spec, table: &Table, found: &Found) -> bool {
    let has = |name: &Name| found.columns.iter().any(|column| column.name == name.folded(spec.dialect));
    table.unique_key.iter().all(|&column| has(&table.column(column).name))
}

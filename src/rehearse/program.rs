//! A project that can be rehearsed, and the statements of it that run.

use std::collections::BTreeMap;

use crate::artifacts::Artifacts;
use crate::diagnostic::{Diagnostics, Style};
use crate::dialect::Dialect;
use crate::error::Error;
use crate::project::{Archive, Column, Filled, Load, OrderBy, Period, Spec, Table, example};
use crate::rehearse::facts::{Facts, Periods};
use crate::rehearse::one_list;
use crate::rehearse::stage::relocate_text;
use crate::rehearse::story::Story;
use crate::rehearse::workload;
use crate::source::Inputs;
use crate::sql::{Name, SqlType};
use crate::verify::external;

/// The statements of a project, in run order.
#[derive(Clone, Debug)]
pub struct Program {
    /// One entry per table, parents before children.
    pub tables: Vec<Routine>,
    /// Raw trims, each with the name of a model that reads the raw table.
    pub raw_trims: Vec<Statement>,
    /// By exceptions table: the statements that erase a key. Empty if keys cannot be erased. The
    /// parameters are `:key` and `:notes`.
    pub erasures: Vec<Vec<Statement>>,
}

/// The statements of one table.
#[derive(Clone, Debug)]
pub struct Routine {
    /// The name of the model.
    pub model: String,
    /// The load of the mart. If another tool loads the mart, the load that Rowkeep would emit.
    pub load: Vec<Statement>,
    /// The hooks of every cycle.
    pub hooks: Vec<Statement>,
    /// The statements of the nightly sweep, or none.
    pub sweep: Vec<Statement>,
}

/// One statement.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The stem of the file, such as `08_archive__2025_h2`.
    pub name: String,
    /// The SQL text, without a semicolon.
    pub sql: String,
}

/// A project that can be rehearsed. It is resolved for one engine, and compiled for each list of
/// periods.
#[derive(Debug)]
pub struct Project {
    pub(super) inputs: Inputs,
    pub(super) spec: Spec,
    /// The same spec, with a raw table and a load for every table.
    pub(super) spec_with_loads: Spec,
    pub(super) facts: Facts,
    /// All periods that the project may list during a story, oldest first.
    pub(super) calendar: Vec<Period>,
    /// The periods that the project lists now.
    pub(super) listed: Periods,
    /// Handwritten statements, by model. They fit only the listed periods.
    pub(super) handwritten: Option<BTreeMap<String, Routine>>,
}

/// The maximum number of periods that a story may add.
const ADDED_PERIODS: usize = 40;
/// The length of the period that a story adds before the first period, in days.
const LEGACY_DAYS: i64 = 30 * 365;

impl Project {
    /// Resolves a project for an engine. If the project has several lists of periods, only the
    /// tables of the first list are rehearsed: see [`Project::each`].
    ///
    /// # Errors
    ///
    /// All errors in the inputs.
    pub fn new(inputs: &Inputs, dialect: Dialect) -> Result<Self, Diagnostics> {
        // Invariant: there is at least one.
        Self::each(inputs, dialect).map(|mut each| each.swap_remove(0))
    }

    /// Resolves a project for an engine, once for each list of periods that its tables use. A story
    /// has one calendar, so each of these projects has the tables of one list.
    ///
    /// # Errors
    ///
    /// All errors in the inputs.
    pub fn each(inputs: &Inputs, dialect: Dialect) -> Result<Vec<Self>, Diagnostics> {
        let inputs = inputs.clone().with_dialect(dialect);
        let spec = crate::resolve(&inputs)?;
        // Compile the current project first, so that its errors are not reported for periods that a
        // story adds.
        crate::compile_spec(&spec, &inputs)?;
        Ok(one_list::each(spec).into_iter().map(|spec| Self::of(&inputs, spec)).collect())
    }

    /// A project with at most one list of periods.
    fn of(inputs: &Inputs, mut spec: Spec) -> Self {
        let (inputs, dialect) = (inputs.clone(), spec.dialect);
        // A story needs a calendar. In a project that archives nothing, no statement uses it.
        if spec.all_periods.is_empty() {
            spec.all_periods = ["2025_h1", "2025_h2"].into_iter().filter_map(Period::named).collect();
            spec.lists[0].ids = 0..spec.all_periods.len();
        }
        let spec_with_loads = with_loads(&spec);
        let facts = Facts::of(&spec, &spec_with_loads);
        let listed = spec.all_periods.len();
        let open_from = spec.all_periods.iter().position(|period| !period.sealed).unwrap_or(0);
        let fits = |period: &Period| {
            let is_new = spec.all_periods.iter().all(|other| other.name != period.name);
            let length = |table: &Table| match &table.archive {
                Archive::Periods(names) => names.name_of(&period.name).len(),
                _ => 0,
            };
            let longest = spec.tables.iter().map(length).max().unwrap_or(0);
            is_new && longest <= dialect.max_name_bytes()
        };
        // Before a day from which rows are kept, there is no period.
        let before = spec.all_periods.first().filter(|_| spec.lists[0].retired_before.is_none()).and_then(legacy);
        let mut calendar: Vec<_> = before.filter(fits).into_iter().collect();
        let first = calendar.len();
        calendar.extend(spec.all_periods.iter().cloned());
        while calendar.len() < first + listed + ADDED_PERIODS {
            let Some(next) = example(&calendar, spec.fiscal_year).filter(fits) else { break };
            calendar.push(next);
        }
        let listed = Periods { first, end: first + listed, open_from: first + open_from };
        Self { inputs, spec, spec_with_loads, facts, calendar, listed, handwritten: None }
    }

    /// Rehearses handwritten hooks, by model. A model without handwritten hooks keeps the
    /// statements that Rowkeep emits, and a routine without a load keeps the emitted load. Stories
    /// do not change the list of periods, because handwritten statements fit only the listed
    /// periods.
    ///
    /// # Errors
    ///
    /// A text is not exactly one statement that changes rows, or it names a relation outside of the
    /// project. A rehearsal must not change anything outside of its scratch tables.
    pub fn with_hooks(mut self, hooks: BTreeMap<String, Routine>) -> Result<Self, Error> {
        let relations = self.relations(&self.spec);
        for (model, routine) in &hooks {
            for statement in routine.load.iter().chain(&routine.hooks).chain(&routine.sweep) {
                external::changes_rows_of(&statement.sql, &relations, self.spec.dialect)
                    .map_err(|why| Error::Usage(format!("{model}/{}.sql {why}", statement.name)))?;
                if let Some(function) = external::reaching_function(&statement.sql, self.spec.dialect) {
                    return Err(Error::Usage(format!(
                        "{model}/{}.sql uses {function}, which a rehearsal does not allow; write the clock as {} or {}",
                        statement.name,
                        self.spec.dialect.clock_token(),
                        Dialect::OF_HANDWRITTEN_HOOKS.clock_token(),
                    )));
                }
            }
        }
        self.calendar = self.calendar[self.listed.first..self.listed.end].to_vec();
        let shift = self.listed.first;
        self.listed = Periods { first: 0, end: self.listed.end - shift, open_from: self.listed.open_from - shift };
        self.handwritten = Some(hooks);
        Ok(self)
    }

    /// The statements of the project with its current periods.
    ///
    /// # Errors
    ///
    /// A template cannot be rendered.
    pub fn program(&self) -> Result<Program, Error> {
        Ok(self.stage(self.listed)?.program)
    }

    /// The period with this number: one of the calendar, or after them the period of all times.
    pub(super) fn numbered(&self, number: usize) -> &Period {
        self.calendar.get(number).unwrap_or(&self.spec.whole)
    }

    /// The models, in run order.
    pub fn models(&self) -> impl Iterator<Item = &str> {
        self.facts.tables.iter().map(|table| table.model.as_str())
    }

    /// Refuses projects for which a rehearsal would report wrong results.
    pub(super) fn can_be_rehearsed(&self) -> Result<(), Error> {
        for (number, table) in self.facts.tables.iter().enumerate() {
            let earlier = &self.facts.tables[..number];
            if let Some(other) = earlier.iter().find(|other| other.raw.relation == table.raw.relation) {
                return Err(Error::Usage(format!(
                    "{} and {} read the same raw table, {}; a rehearsal needs one raw table for each mart",
                    other.model, table.model, table.raw.relation
                )));
            }
            // In a story, the row of a key that arrived last wins.
            if table.raw.arrival_wins() == Some(false) {
                return Err(Error::Usage(format!(
                    "the order_by of {} prefers the row that arrived first; a rehearsal needs `desc` for the column by \
                     which the raw table is trimmed, or another column that breaks ties",
                    table.model
                )));
            }
            if !table.raw.tie_breaks.is_empty() && table.raw.deciding_tie_break(table).is_none() {
                return Err(Error::Usage(format!(
                    "the order_by of {} ends in a column that has too few values for the rows of a rehearsal; \
                     use a number of at least six digits, a text, or a timestamp",
                    table.model
                )));
            }
        }
        Ok(())
    }

    pub(super) fn name(&self) -> &str {
        &self.spec.name
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.spec.dialect
    }

    /// The story of a seed.
    pub(super) fn story(&self, seed: u64, cycles: usize) -> Story {
        workload::story(&self.facts, &self.calendar, self.listed, self.handwritten.is_some(), seed, cycles)
    }

    /// The schemas that must exist, each as a list of name parts.
    pub(super) fn schemas(&self) -> Vec<Vec<String>> {
        let dialect = self.spec.dialect;
        let tables = self.spec_with_loads.tables.iter();
        let relations = tables.flat_map(|table| table.raw.iter().chain([&table.relation]).chain(table.history()));
        let exceptions = self.spec.exceptions.iter().map(|exceptions| &exceptions.relation);
        let all = relations.chain(exceptions).chain([&self.spec.schema]);
        let mut schemas: Vec<Vec<String>> = all
            .map(|relation| {
                let mut parts: Vec<_> = relation.parts().map(|part| part.folded(dialect)).collect();
                parts.pop();
                parts
            })
            .collect();
        schemas.sort();
        schemas.dedup();
        schemas
    }

    /// The facts, with relations moved to the schemas of an engine.
    pub(super) fn relocated_facts(&self, places: &BTreeMap<Vec<String>, String>) -> Facts {
        let mut facts = self.facts.clone();
        let relations = self.relations(&self.spec);
        let tables = facts.tables.iter_mut().flat_map(|table| {
            let due = table.limit.as_mut().map(|(due, _)| due);
            [&mut table.mart, &mut table.raw.relation].into_iter().chain(due)
        });
        for relation in tables.chain(facts.exceptions.iter_mut().map(|(relation, _)| relation)) {
            // Invariant: the relation was written from its parts, so it can be parsed.
            *relation = relocate_text(relation, self.spec.dialect, &relations, places).unwrap_or_default();
        }
        facts
    }

    /// The statements that create the raw tables.
    pub(super) fn raw_tables(&self, facts: &Facts) -> Vec<String> {
        let tables = facts.tables.iter().map(|table| {
            let columns: Vec<_> = table
                .raw_columns()
                .map(|column| format!("{} {}", column.sql, column.ty.sql(self.spec.dialect)))
                .collect();
            format!("CREATE TABLE IF NOT EXISTS {} ({})", table.raw.relation, columns.join(", "))
        });
        tables.collect()
    }

    /// A spec of the project with these periods.
    pub(super) fn with_periods(&self, spec: &Spec, periods: Periods) -> Spec {
        let mut spec = spec.clone();
        spec.all_periods = self.calendar[periods.first..periods.end].to_vec();
        spec.lists[0].ids = 0..spec.all_periods.len();
        for (period, number) in spec.all_periods.iter_mut().zip(periods.first..) {
            period.sealed = number < periods.open_from;
        }
        spec
    }

    pub(super) fn usage_error(&self, wrong: &Diagnostics) -> Error {
        Error::Usage(wrong.render(&self.inputs, Style::Plain))
    }

    /// The artifacts of the project with these periods.
    pub(super) fn artifacts(&self, periods: Periods) -> Result<Artifacts, Error> {
        let spec = self.with_periods(&self.spec, periods);
        crate::compile_spec(&spec, &self.inputs).map_err(|wrong| self.usage_error(&wrong))
    }
}

/// A period before the first one, for rows that are older than all periods.
fn legacy(first: &Period) -> Option<Period> {
    let start = first.start.checked_sub(jiff::Span::new().days(LEGACY_DAYS)).ok().filter(|day| day.year() > 0)?;
    Some(Period { name: "before".to_owned(), start, end: first.start, zone: first.zone.clone(), sealed: false })
}

/// Adds a raw table and a load to each table that another tool loads. A rehearsal needs them.
fn with_loads(spec: &Spec) -> Spec {
    let mut loaded = spec.clone();
    // A quoted name that is unlikely to be a column of the raw table.
    let Ok(delivery) = Name::column("\"rowkeep delivery\"") else { return loaded };
    for table in loaded.tables.iter_mut().filter(|table| table.load.is_none()) {
        let raw_table = || spec.schema.renamed(table.model.value.with_suffix("__raw"));
        table.raw = Some(table.raw.clone().unwrap_or_else(raw_table));
        table.raw_columns.push(Column {
            name: delivery.clone(),
            ty: SqlType::Bigint,
            not_null: false,
            filled: Filled::ByInsert,
        });
        let last = OrderBy { column: delivery.clone(), descending: true };
        let time = OrderBy { column: table.column(table.time.column).name.clone(), descending: true };
        let order_by = if table.is_versioned() { vec![time, last] } else { vec![last] };
        table.load = Some(Load { order_by, lookback: None });
    }
    loaded
}

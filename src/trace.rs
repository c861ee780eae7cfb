//! The path of one row through the statements. It follows from the spec alone: no table is read.

use serde::Serialize;

use crate::cycle::plan::{Slot, StatementKind, Step, plan};
use crate::diagnostic::did_you_mean;
use crate::erase::is_value;
use crate::features::only_when;
use crate::project::period;
use crate::project::{Column, CutoffFrom, Length, Period, Retention, Spec, Table, TableId, Zone};
use crate::sql::literal::instant;

/// The row to trace.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    /// Columns and their values, as the user typed them.
    pub key: &'a [(String, String)],
    /// The row's time, in seconds since 1970, UTC.
    pub time: i64,
    /// The only model to trace, if not all.
    pub model: Option<&'a str>,
}

/// The path of a row in one table.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Trace {
    /// The model.
    pub model: String,
    /// The mart.
    pub relation: String,
    /// The given columns, with their values.
    pub key: Vec<(String, String)>,
    /// Columns of the unique key that were not given. The path is the same for each of their
    /// values.
    pub not_given: Vec<String>,
    /// The row's time: in UTC, or in the time zone of the project if the column has no zone.
    pub time: String,
    /// The period that contains the time, if there is one.
    pub period: Option<String>,
    /// The bounds of the period, `[start, end)`.
    pub bounds: Option<[String; 2]>,
    /// The history table of the period.
    pub history: Option<String>,
    /// Whether a due row is deleted for good.
    pub is_purged: bool,
    /// When the row becomes due, in words.
    pub due: String,
    /// The exception that reports the row if it is due but cannot be archived.
    pub exception: Option<String>,
    /// The statements that can affect the row, in order.
    pub steps: Vec<Met>,
}

/// A statement that can affect the row.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Met {
    /// When it runs: `load`, `cycle` or `sweep`.
    pub runs: &'static str,
    /// The path of its file in the artifacts.
    pub path: String,
    /// The relation that it changes, if it changes one.
    pub writes: Option<String>,
    /// Its purpose.
    pub reason: &'static str,
    /// Whether it can add the row to a table or delete it.
    pub moves: bool,
}

/// Parses `2026-01-03T00:00:00Z`, or a day or a time in a time zone, to seconds since 1970, UTC.
/// `None` for any other text.
///
/// ```
/// use rowkeep::project::Zone;
/// use rowkeep::trace::instant_of;
///
/// let utc = Zone::default();
/// assert_eq!(instant_of("1970-01-02", &utc), Some(86_400));
/// assert_eq!(instant_of("1970-01-01T01:00:00+01:00", &utc), Some(0));
/// // Without a time zone in rowkeep.yml, a time must state its own.
/// assert_eq!(instant_of("1970-01-01T01:00:00", &utc), None);
/// ```
pub fn instant_of(text: &str, zone: &Zone) -> Option<i64> {
    period::instant_of(text, zone)
}

/// Why a row cannot be traced.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TraceError {
    /// No table spec describes the model.
    #[error("no table spec describes {model}{}", suggestion(near.as_deref()))]
    UnknownModel {
        /// The model.
        model: String,
        /// The nearest model of the project.
        near: Option<String>,
    },
    /// No table has all of the columns.
    #[error("no table has the columns {}{}", columns.join(", "), suggestion(near.as_deref()))]
    UnknownColumns {
        /// The columns.
        columns: Vec<String>,
        /// The nearest column of the project to one that no table has.
        near: Option<String>,
    },
    /// A value cannot be one of its column.
    #[error("{value} is not a value of the type {ty}, so no row has it as {column}")]
    Value {
        /// The column.
        column: String,
        /// The value.
        value: String,
        /// The type of the column.
        ty: String,
    },
}

fn suggestion(near: Option<&str>) -> String {
    near.map_or_else(String::new, |near| format!("; did you mean {near}?"))
}

/// Traces a row through every table that has its columns.
///
/// # Errors
///
/// If no table has all of the columns, if no table spec describes the model, or if a value is none of
/// its column.
///
/// ```
/// use rowkeep::{Inputs, resolve, trace};
///
/// let inputs = Inputs::new("rowkeep.yml", "name: shop\ndialect: duckdb\nschema: s\nperiods: [2025_h1, 2025_h2]\nexceptions: x\ntables:\n- {model: mart, history: hist, unique_key: id, time: {column: day}, rows: latest, retention: {for: 90 days}, exception: GAP, columns: {id: bigint, day: date}}\n");
/// let spec = resolve(&inputs).unwrap();
/// let row = trace::Row { key: &[("id".to_owned(), "42".to_owned())], time: 1_741_000_000, model: None };
/// let traces = trace::trace(&spec, &row).unwrap();
/// assert_eq!(traces[0].history.as_deref(), Some("s.hist_2025_h1"));
/// ```
pub fn trace(spec: &Spec, row: &Row<'_>) -> Result<Vec<Trace>, TraceError> {
    if let Some(model) = row.model
        && !spec.tables.iter().any(|table| table.model.value.as_str() == model)
    {
        let near = did_you_mean(model, spec.tables.iter().map(|table| table.model.value.as_str()));
        return Err(TraceError::UnknownModel { model: model.to_owned(), near: near.map(str::to_owned) });
    }
    let plans = plan(spec).tables;
    let is_selected = |table: &Table| row.model.is_none_or(|model| table.model.value.as_str() == model);
    let has_columns = |table: &Table| row.key.iter().all(|(name, _)| has_column(spec, table, name));
    let traces: Vec<_> = spec
        .tables()
        .zip(&plans)
        .filter(|((_, table), _)| is_selected(table) && has_columns(table))
        .map(|((id, table), plan)| path(spec, id, table, row, [&plan.load, &plan.hooks, &plan.sweep]))
        .collect();
    let selected = spec.tables().map(|(_, table)| table).find(|table| is_selected(table) && has_columns(table));
    for (name, value) in row.key {
        let column = selected.and_then(|table| table.columns.iter().find(|column| is_column(spec, column, name)));
        if let Some(column) = column.filter(|column| !is_value(column.ty, value)) {
            let (column, ty) = (name.clone(), column.ty.to_string());
            return Err(TraceError::Value { column, value: value.clone(), ty });
        }
    }
    if traces.is_empty() {
        let columns: Vec<_> = row.key.iter().map(|(name, _)| name.clone()).collect();
        let declared = || spec.tables.iter().flat_map(|table| &table.columns).map(|column| column.name.as_str());
        let is_declared = |name: &str| declared().any(|column| column.eq_ignore_ascii_case(name.trim_matches('"')));
        let unknown = columns.iter().find(|name| !is_declared(name));
        let near = unknown.and_then(|unknown| did_you_mean(unknown, declared())).map(str::to_owned);
        return Err(TraceError::UnknownColumns { columns, near });
    }
    Ok(traces)
}

fn has_column(spec: &Spec, table: &Table, name: &str) -> bool {
    table.columns.iter().any(|column| is_column(spec, column, name))
}

fn is_column(spec: &Spec, column: &Column, name: &str) -> bool {
    column.name.folded(spec.dialect).eq_ignore_ascii_case(name.trim_matches('"'))
}

fn path(spec: &Spec, id: TableId, table: &Table, row: &Row<'_>, [load, hooks, sweep]: [&[Step]; 3]) -> Trace {
    let model = table.model.value.as_str();
    let contains = |period: &Period| period.start_epoch() <= row.time && row.time < period.end_epoch();
    let number = spec.periods_of(id).find(|&number| contains(spec.period(number)));
    let period = number.filter(|_| table.has_periods()).map(|number| spec.period(number));
    let is_given = |name: &str| row.key.iter().any(|(given, _)| given.trim_matches('"').eq_ignore_ascii_case(name));
    let key = table.unique_key.iter().map(|&column| table.column(column).name.as_str());
    let time = table.column(table.time.column).name.as_str();
    let own_tables = [Some(Slot::Mart(id)), number.map(|number| Slot::History(id, number))];
    let describe = |runs: &'static str, step: &Step| {
        let folder = if runs == "sweep" { format!("compiled/sweep/{model}") } else { format!("compiled/{model}") };
        let changes = step.kind.verb() != crate::cycle::plan::Verb::Select;
        Met {
            runs,
            path: format!("{folder}/{}.sql", step.stem(spec)),
            writes: changes.then(|| step.writes.relation(spec).sql(spec.dialect)),
            reason: step.kind.reason(),
            moves: changes && own_tables.contains(&Some(step.writes)),
        }
    };
    let is_for_incomplete_rows = |step: &Step| matches!(step.kind.part(), Some("timeless" | "keyless"));
    // A statement for one period affects only rows of that period. If the period is sealed, only
    // the sweep runs it.
    let is_retired = spec.retired_before(table).is_some_and(|(_, epoch)| row.time < epoch);
    // For a row of another time, the statement for retired rows does nothing.
    let is_met = |step: &Step| step.kind != StatementKind::Retire || is_retired;
    let affects = |step: &&Step| {
        is_met(step) && (step.period.is_none() || step.period == number) && !is_for_incomplete_rows(step)
    };
    let mut steps: Vec<Met> = load.iter().filter(affects).map(|step| describe("load", step)).collect();
    steps.extend(hooks.iter().filter(affects).map(|step| describe("cycle", step)));
    if period.is_some_and(|period| period.sealed) {
        steps.extend(sweep.iter().filter(affects).map(|step| describe("sweep", step)));
    }
    let why = match period {
        None if table.is_purged() || is_retired || number.is_some() => None,
        None => Some("no period covers its time"),
        Some(period) if period.sealed => Some("the period of its time is sealed, so only the sweep archives it"),
        Some(_) => None,
    };
    // A time without a zone is shown as its column has it.
    let zone = &spec.zone;
    let shown = if !zone.is_local(table.time.unit) { row.time } else { row.time + zone.offset_at(row.time) };
    Trace {
        model: model.to_owned(),
        relation: table.relation.sql(spec.dialect),
        key: row.key.to_vec(),
        not_given: key.filter(|name| !is_given(name) && *name != time).map(str::to_owned).collect(),
        time: instant(shown),
        period: period.map(|period| period.name.clone()),
        bounds: period.map(|period| [period.start(), period.end()]),
        history: number.map(|number| spec.history(id, number).sql(spec.dialect)),
        is_purged: table.is_purged() || is_retired,
        due: due(spec, table, shown),
        exception: why.map(|why| format!("{}: {why}", table.exception_type)),
        steps,
    }
}

/// When a row with this time becomes due.
fn due(spec: &Spec, table: &Table, time: i64) -> String {
    let is_passed = |root: &Table, length: Length| {
        let from = instant(length.after(time));
        format!("the newest row of {} is later than {from} ({length} after this row)", root.model.value.as_str())
    };
    match &table.retention {
        Retention::For { length, from } => {
            let passed = match from {
                CutoffFrom::Newest => is_passed(table, *length),
                CutoffFrom::Now if table.expires() => format!("now is later than {}", instant(time)),
                CutoffFrom::Now => {
                    let from = instant(length.after(time));
                    format!("now is later than {from} ({length} after this row)")
                }
            };
            match only_when::describe(table) {
                Some(conditions) => format!("when {conditions}, and {passed}"),
                None => format!("when {passed}"),
            }
        }
        Retention::WhileIn { parent, root, .. } => {
            let length = spec.retention_length(*root);
            let parent = spec.table(*parent).model.value.as_str();
            format!("when its key has left {parent} and {}", is_passed(spec.table(*root), length))
        }
    }
}

impl Trace {
    /// The path as text, with a line for each statement. `>` marks the statements that can add or
    /// delete the row.
    pub fn to_text(&self) -> String {
        let key: Vec<_> = self.key.iter().map(|(column, value)| format!("{column} {value}")).collect();
        let mut out = format!("{}: {}, {}\n  mart       {}\n", self.model, key.join(", "), self.time, self.relation);
        if !self.not_given.is_empty() {
            out.push_str(&format!(
                "  not given  {}: the path is the same for every value\n",
                self.not_given.join(", ")
            ));
        }
        match (&self.period, &self.bounds, &self.history) {
            _ if self.is_purged => out.push_str("  period     none: a due row is deleted for good\n"),
            (None, _, Some(history)) => out.push_str(&format!("  history    {history}, whatever its time\n")),
            (Some(period), Some([start, end]), Some(history)) => {
                out.push_str(&format!("  period     {period}, [{start}, {end}): {history}\n"));
            }
            _ => out.push_str("  period     none covers its time\n"),
        }
        out.push_str(&format!("  due        {}\n", self.due));
        if let Some(exception) = &self.exception {
            out.push_str(&format!("  then       it stays in the mart, reported as {exception}\n"));
        }
        let mut runs = "";
        for step in &self.steps {
            if runs != step.runs {
                runs = step.runs;
                let title = match runs {
                    "load" => "the load",
                    "sweep" => "the nightly sweep",
                    _ => "each cycle",
                };
                out.push_str(&format!("  {title}\n"));
            }
            let file = step.path.rsplit('/').next().unwrap_or_default().trim_end_matches(".sql");
            let mark = if step.moves { '>' } else { ' ' };
            out.push_str(&format!("  {mark} {file:<28} {}\n", step.reason));
        }
        out
    }
}

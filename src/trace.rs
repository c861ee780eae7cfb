//! The path of one row through every statement, from the spec alone: no table is looked at.

use serde::Serialize;

use crate::cycle::plan::{Slot, Step, plan};
use crate::diagnostic::did_you_mean;
use crate::project::period::{self, instant};
use crate::project::{Period, Retention, Spec, Table, TableId, length};

/// The row that is asked about.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    /// Columns and their values, as they were typed.
    pub key: &'a [(String, String)],
    /// The row's time, in seconds since 1970, UTC.
    pub time: i64,
    /// The only model to look at.
    pub model: Option<&'a str>,
}

/// What becomes of the row in one table.
#[derive(Clone, Debug, Serialize)]
pub struct Trace {
    /// The model.
    pub model: String,
    /// The mart.
    pub relation: String,
    /// The columns that were given, with their values.
    pub key: Vec<(String, String)>,
    /// Columns of the unique key that were not given: what is said is true of each such row.
    pub not_given: Vec<String>,
    /// The row's time, UTC.
    pub time: String,
    /// The period that its time lies in, if one.
    pub period: Option<String>,
    /// Its bounds, `[start, end)`.
    pub bounds: Option<[String; 2]>,
    /// The history table that it goes to.
    pub history: Option<String>,
    /// When it is due, in words.
    pub due: String,
    /// What is reported if it is due and cannot go.
    pub exception: Option<String>,
    /// The statements that it meets, in order.
    pub steps: Vec<Met>,
}

/// A statement that a row meets.
#[derive(Clone, Debug, Serialize)]
pub struct Met {
    /// When it runs: `load`, `cycle` or `sweep`.
    pub runs: &'static str,
    /// Its file, below the artifacts.
    pub path: String,
    /// The relation that it changes; `None` if it changes none.
    pub writes: Option<String>,
    /// Why it is there.
    pub reason: &'static str,
    /// Whether it can bring the row somewhere, or take it away.
    pub moves: bool,
}

/// Reads `2026-01-03T00:00:00Z`, or a day, as seconds since 1970, UTC; `None` for anything else.
///
/// ```
/// assert_eq!(rowkeep::trace::instant_of("1970-01-02"), Some(86_400));
/// assert_eq!(rowkeep::trace::instant_of("1970-01-01T01:00:00+01:00"), Some(0));
/// assert_eq!(rowkeep::trace::instant_of("1970-01-01T01:00:00"), None);
/// ```
pub fn instant_of(text: &str) -> Option<i64> {
    period::instant_of(text)
}

/// What becomes of a row, in every table that has its columns.
///
/// # Errors
///
/// If no table has them, in words.
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
pub fn trace(spec: &Spec, row: &Row<'_>) -> Result<Vec<Trace>, String> {
    if let Some(model) = row.model
        && !spec.tables.iter().any(|table| table.model.value.as_str() == model)
    {
        let near = did_you_mean(model, spec.tables.iter().map(|table| table.model.value.as_str()));
        let help = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
        return Err(format!("no table spec describes {model}{help}"));
    }
    let plans = plan(spec).tables;
    let is_asked = |table: &Table| row.model.is_none_or(|model| table.model.value.as_str() == model);
    let has_columns = |table: &Table| row.key.iter().all(|(name, _)| column(spec, table, name));
    let traces: Vec<_> = spec
        .tables()
        .zip(&plans)
        .filter(|((_, table), _)| is_asked(table) && has_columns(table))
        .map(|((id, table), plan)| one(spec, id, table, row, [&plan.load, &plan.hooks, &plan.sweep]))
        .collect();
    if traces.is_empty() {
        let names: Vec<_> = row.key.iter().map(|(name, _)| name.as_str()).collect();
        let known = || spec.tables.iter().flat_map(|table| &table.columns).map(|column| column.name.as_str());
        let unknown =
            names.iter().find(|name| !known().any(|known| known.eq_ignore_ascii_case(name.trim_matches('"'))));
        let near = unknown.and_then(|unknown| did_you_mean(unknown, known()));
        let help = near.map_or_else(String::new, |near| format!("; did you mean {near}?"));
        return Err(format!("no table has the columns {}{help}", names.join(", ")));
    }
    Ok(traces)
}

fn column(spec: &Spec, table: &Table, name: &str) -> bool {
    let name = name.trim_matches('"').to_lowercase();
    table.columns.iter().any(|column| column.name.folded(spec.dialect).to_lowercase() == name)
}

fn one(spec: &Spec, id: TableId, table: &Table, row: &Row<'_>, [load, hooks, sweep]: [&[Step]; 3]) -> Trace {
    let model = table.model.value.as_str();
    let within = |period: &Period| period.start_epoch() <= row.time && row.time < period.end_epoch();
    let number = spec.period_ids().find(|&number| within(spec.period(number)));
    let period = number.map(|number| spec.period(number));
    let is_given = |name: &str| row.key.iter().any(|(given, _)| given.trim_matches('"').eq_ignore_ascii_case(name));
    let key = table.unique_key.iter().map(|&column| table.column(column).name.as_str());
    let time = table.column(table.time.column).name.as_str();
    let mine = [Some(Slot::Mart(id)), number.map(|number| Slot::History(id, number))];
    let met = |runs: &'static str, step: &Step| {
        let folder = if runs == "sweep" { format!("compiled/sweep/{model}") } else { format!("compiled/{model}") };
        let changes = step.kind.verb() != crate::cycle::plan::Verb::Select;
        Met {
            runs,
            path: format!("{folder}/{}.sql", step.stem(spec)),
            writes: changes.then(|| step.writes.relation(spec).sql(spec.dialect)),
            reason: step.kind.reason(),
            moves: changes && mine.contains(&Some(step.writes)),
        }
    };
    // Of the statements for single periods, only those of its own meet it; of a sealed one, those of the night.
    let is_of_others = |step: &Step| matches!(step.kind.part(), Some("timeless" | "keyless"));
    let is_met = |step: &&Step| (step.period.is_none() || step.period == number) && !is_of_others(step);
    let mut steps: Vec<Met> = load.iter().filter(is_met).map(|step| met("load", step)).collect();
    steps.extend(hooks.iter().filter(is_met).map(|step| met("cycle", step)));
    if period.is_some_and(|period| period.sealed) {
        steps.extend(sweep.iter().filter(is_met).map(|step| met("sweep", step)));
    }
    let why = match period {
        None => Some("no period covers its time"),
        Some(period) if period.sealed => Some("the period of its time is sealed, until the sweep has taken it"),
        Some(_) => None,
    };
    Trace {
        model: model.to_owned(),
        relation: table.relation.sql(spec.dialect),
        key: row.key.to_vec(),
        not_given: key.filter(|name| !is_given(name) && *name != time).map(str::to_owned).collect(),
        time: instant(row.time),
        period: period.map(|period| period.name.clone()),
        bounds: period.map(|period| [period.start(), period.end()]),
        history: number.map(|number| spec.history(id, number).sql(spec.dialect)),
        due: due(spec, table, row.time),
        exception: why.map(|why| format!("{}: {why}", table.exception_type)),
        steps,
    }
}

/// When a row of that time is due.
fn due(spec: &Spec, table: &Table, time: i64) -> String {
    let passes = |root: &Table, seconds: u64| {
        let from = instant(time.saturating_add_unsigned(seconds));
        format!("the newest row of {} is later than {from} ({} on)", root.model.value.as_str(), length(seconds))
    };
    match &table.retention {
        Retention::For { seconds } => format!("once {}", passes(table, *seconds)),
        Retention::WhileIn { parent, root, .. } => {
            let seconds = spec.retention_seconds(*root);
            let parent = spec.table(*parent).model.value.as_str();
            format!("once its row has left {parent} and {}", passes(spec.table(*root), seconds))
        }
    }
}

impl Trace {
    /// The path as text, a line for each statement; `>` before those that can move the row.
    pub fn to_text(&self) -> String {
        let key: Vec<_> = self.key.iter().map(|(column, value)| format!("{column} {value}")).collect();
        let mut out = format!("{}: {}, {}\n  mart       {}\n", self.model, key.join(", "), self.time, self.relation);
        if !self.not_given.is_empty() {
            out.push_str(&format!("  any of them: {} is not given\n", self.not_given.join(", ")));
        }
        match (&self.period, &self.bounds, &self.history) {
            (Some(period), Some([start, end]), Some(history)) => {
                out.push_str(&format!("  period     {period}, [{start}, {end}): {history}\n"));
            }
            _ => out.push_str("  period     none covers its time\n"),
        }
        out.push_str(&format!("  due        {}\n", self.due));
        if let Some(exception) = &self.exception {
            out.push_str(&format!("  then       it stays, and is reported as {exception}\n"));
        }
        let mut runs = "";
        for step in &self.steps {
            if runs != step.runs {
                runs = step.runs;
                let words = match runs {
                    "load" => "the load",
                    "sweep" => "the nightly sweep",
                    _ => "each cycle",
                };
                out.push_str(&format!("  {words}\n"));
            }
            let file = step.path.rsplit('/').next().unwrap_or_default().trim_end_matches(".sql");
            let mark = if step.moves { '>' } else { ' ' };
            out.push_str(&format!("  {mark} {file:<28} {}\n", step.reason));
        }
        out
    }
}

//! Renders windowed loads: their statements, with `:run_date` for the run date, and the queries of
//! their dbt models. A project cannot override their templates.

use std::collections::BTreeMap;

use minijinja::{Value, context};

use crate::cycle::render::context::{declared, number, text};
use crate::cycle::render::value::Sql;
use crate::cycle::render::vocabulary::Place;
use crate::cycle::render::{Failures, Renderer};
use crate::features::loads::{Aggregate, Computed, WindowedLoad};
use crate::project::naming::LOAD_MARK;
use crate::project::{ColumnId, DAY, Spec, length};
use crate::sql::{Relation, SqlType, TimeUnit};

/// The placeholder of the run date in a statement.
pub(crate) const RUN_DATE: &str = ":run_date";
/// The placeholder of the run date in a dbt model.
const DBT_RUN_DATE: &str = "{{ run_date }}";

/// The days after which a temp table expires, if it was not dropped before.
pub(crate) const TEMP_DAYS: u64 = 14;

/// The statements of a windowed load.
#[derive(Debug)]
pub(crate) struct RenderedWindowedLoad {
    /// The statements of a run, in order.
    pub(crate) statements: Vec<WindowedLoadStatement>,
    /// The script that cleans up a bad run.
    pub(crate) clean: WindowedLoadStatement,
    /// Queries that must return no rows, and `writers`, which only informs.
    pub(crate) monitors: Vec<WindowedLoadStatement>,
    /// The queries of its dbt models, in this order: batch, updates, aggregate.
    pub(crate) models: Vec<String>,
    /// The query that stops the models of batch and updates, if the source lacks rows.
    pub(crate) check: Option<String>,
    /// The query that stops the model of the aggregate, if there is nothing to write.
    pub(crate) nothing: Option<String>,
}

/// One statement of a load, or a script of several statements.
#[derive(Debug)]
pub(crate) struct WindowedLoadStatement {
    /// The name.
    pub(crate) name: &'static str,
    /// The purpose, in one line.
    pub(crate) about: String,
    /// The text, without a semicolon at its end.
    pub(crate) sql: String,
}

pub(crate) fn render(spec: &Spec, failures: &mut Failures) -> Vec<RenderedWindowedLoad> {
    if spec.loads.is_empty() {
        return Vec::new();
    }
    let mut writer = Writer { spec, renderer: Renderer::new(spec, BTreeMap::new()), failures };
    spec.loads.iter().map(|load| writer.load(load)).collect()
}

struct Writer<'a, 'f> {
    spec: &'a Spec,
    renderer: Renderer<'a>,
    failures: &'f mut Failures,
}

/// The names of the relations of a load.
struct Names {
    source: Place,
    batch: Option<Place>,
    updates: Option<Place>,
    into: Option<Place>,
}

impl Writer<'_, '_> {
    fn load(&mut self, load: &WindowedLoad) -> RenderedWindowedLoad {
        let shared = self.context(load, &self.names(load));
        let days = load.alarms.span_days;
        let mut statements = Vec::new();
        if load.source_keeps.is_some() {
            let about = "fail, and stop the run, if the source no longer has all rows that the run reads";
            statements.push(self.statement(load, "check", about, &shared));
        }
        if load.aggregate.is_some() {
            statements.push(self.statement(load, "create", "the aggregate's table", &shared));
        }
        statements.push(self.statement(load, "batch", "rows of the ingestion window and of the event window", &shared));
        if load.aggregate.is_some() {
            let about = "the aggregate of these days, computed from all their rows";
            statements.push(self.statement(load, "updates", about, &shared));
            let about = "replace these days of the aggregate";
            statements.push(self.statement(load, "replace", about, &shared));
        }
        let clean = self.statement(load, "clean", "stop its running jobs, and drop its temp tables", &shared);
        let minutes = load.alarms.run / 60;
        let mut queries = Vec::new();
        if load.event.is_some() {
            queries.push(("span", format!("a batch over more than {days} days")));
            let late = format!(
                "rows that were ingested more than {days} days after their event day, or before it, or have no event day"
            );
            queries.push(("late", late));
        }
        queries.push(("run", format!("statements that ran longer than {minutes} minutes")));
        queries.push((
            "slot_hours",
            format!("days on which it took more than {} slot-hours", hundredths(load.alarms.slot_hours)),
        ));
        if load.alarms.cost.is_some() {
            queries.push(("cost", "days on which it cost more than allowed".to_owned()));
        }
        queries.push(("timeouts", "statements that reached a time limit".to_owned()));
        queries.push((WRITERS, "writers of the source in the last 7 days: for information".to_owned()));
        let monitors = queries.into_iter().map(|(name, about)| self.statement(load, name, &about, &shared)).collect();
        let of_dbt = self.context(load, &self.dbt_names(load));
        let mut query = |template| format!("{}\n", self.text(template, load, &of_dbt)).replace(RUN_DATE, DBT_RUN_DATE);
        let mut models = vec![query("loads/batch_rows.sql.j2")];
        if load.aggregate.is_some() {
            models.extend([query("loads/updates_rows.sql.j2"), query("loads/dbt.sql.j2")]);
        }
        let check = load.source_keeps.map(|_| query("loads/check.sql.j2"));
        let nothing = load.aggregate.as_ref().map(|_| query("loads/nothing.sql.j2"));
        RenderedWindowedLoad { statements, clean, monitors, models, check, nothing }
    }

    fn statement(
        &mut self,
        load: &WindowedLoad,
        name: &'static str,
        about: &str,
        shared: &Value,
    ) -> WindowedLoadStatement {
        let template = TEMPLATES.iter().find(|(other, _)| *other == name);
        let (_, template) = template.unwrap_or_else(|| unreachable!("{name} is in the list of templates"));
        let sql = format!("-- {name} of load {}: {about}\n{}", mark(load), self.text(template, load, shared));
        WindowedLoadStatement { name, about: about.to_owned(), sql }
    }

    fn text(&mut self, template: &'static str, load: &WindowedLoad, context: &Value) -> String {
        let called = || format!("load {}", load.name.value.as_str());
        let rendered = self.renderer.render(template, &called, context.clone());
        self.failures.keep_text(template, rendered)
    }

    /// The names in the dbt models.
    fn dbt_names(&self, load: &WindowedLoad) -> Names {
        let of = |sql: String| Place { full: sql.clone(), bare: sql };
        let models = load.dbt_models();
        let reference = |number: usize| models.get(number).map(|model| of(format!("{{{{ ref('{model}') }}}}")));
        let source = load.dbt_source(self.spec);
        Names {
            source: of(format!("{{{{ source('{source}', '{}') }}}}", load.source.name().as_str())),
            batch: reference(0),
            updates: reference(1),
            into: None,
        }
    }

    fn names(&self, load: &WindowedLoad) -> Names {
        let dialect = self.spec.dialect;
        let place = |relation: &Relation| Place { full: relation.sql(dialect), bare: relation.name().sql(dialect) };
        Names {
            source: place(&load.source),
            batch: Some(place(&of_run_date(&load.temp))),
            updates: load.aggregate.as_ref().map(|aggregate| place(&of_run_date(&aggregate.temp))),
            into: load.aggregate.as_ref().map(|aggregate| place(&aggregate.into)),
        }
    }

    fn context(&self, load: &WindowedLoad, names: &Names) -> Value {
        let relation =
            |place: &Place| Value::from(Sql::Relation(Place { full: place.full.clone(), bare: place.bare.clone() }));
        let column = |id: ColumnId| declared(self.spec, load.column(id));
        let columns = |ids: &[ColumnId]| ids.iter().map(|&id| column(id)).collect::<Vec<_>>();
        let every: Vec<_> = (0..load.columns.len()).map(ColumnId).collect();
        let others: Vec<_> =
            every.iter().copied().filter(|id| *id != load.ingestion && !load.unique_key.contains(id)).collect();
        let ingestion = load.column(load.ingestion).ty;
        let before_end = |seconds: u64| moment(ingestion, 1, seconds);
        let event = load.event.as_ref().map(|event| {
            let ty = load.column(event.column).ty;
            context! {
                event => column(event.column),
                event_from => event.within.map(|within| moment(ty, 0, within)),
                event_until => moment(ty, 1, 0),
            }
        });
        let floor = load.event.as_ref().zip(load.floor).map(|(event, day)| {
            let ty = load.column(event.column).ty;
            let unit = match ty {
                SqlType::Date => TimeUnit::Date,
                SqlType::Timestamptz => TimeUnit::Timestamptz,
                _ => TimeUnit::Timestamp,
            };
            sql(self.spec.dialect.rules().instant(&day.to_string(), day.epoch(), unit))
        });
        let parts: Vec<_> = load.source.parts().map(|part| part.as_str().to_owned()).collect();
        let (source_table, source_schema) = (parts.last(), parts.len().checked_sub(2).and_then(|at| parts.get(at)));
        context! {
            source => relation(&names.source),
            batch => names.batch.as_ref().map(relation),
            updates => names.updates.as_ref().map(relation),
            into => names.into.as_ref().map(relation),
            query => load.query.as_ref().map(|text| Value::from(Sql::Query(text.clone()))),
            columns => columns(&every),
            key => columns(&load.unique_key),
            others => columns(&others),
            ingestion => column(load.ingestion),
            ingested_from => before_end(load.ingested_within),
            ingested_until => before_end(0),
            floor => floor,
            keeps => load.source_keeps.zip(load.reach()).map(|(seconds, reach)| context! {
                reads_from => moment(SqlType::Timestamptz, 1, reach),
                kept_for => moment(SqlType::Timestamptz, 0, seconds),
                refusal => text(&format!(
                    "rowkeep: the source of load {} keeps a row for {}, and no longer has all rows that the run of {RUN_DATE} reads",
                    load.name.value.as_str(),
                    length(seconds)
                )),
            }),
            nothing => text(&format!(
                "rowkeep: the source has no rows of the days of {RUN_DATE}: the days of {} stay as they are",
                load.name.value.as_str()
            )),
            exclude => load.exclude.map(column),
            origin => load.origin.map(column),
            aggregate => load.aggregate.as_ref().map(|aggregate| self.aggregate(load, aggregate)),
            jobs_of => context! {
                project => self.spec.schema.database.as_ref().map(|name| sql(name.sql(self.spec.dialect))),
                region => sql(load.location.clone()),
            },
            run_date => text(RUN_DATE),
            mark_begin => text(LOAD_MARK),
            mark => text(&mark(load)),
            mark_line => sql(format!("{LOAD_MARK}{}", mark(load))),
            temp_days => number(TEMP_DAYS),
            source_parts => context! {
                project => (parts.len() > 2).then(|| text(&parts[0])),
                dataset => source_schema.map(|part| text(part)),
                table => source_table.map(|part| text(part)),
            },
            alarms => context! {
                span => number(load.alarms.span_days),
                run => number(load.alarms.run),
                slot_hours => sql(hundredths(load.alarms.slot_hours)),
                cost => load.alarms.cost.map(|(cost, _)| sql(hundredths(cost))),
                per_tib => load.alarms.cost.map(|(_, per_tib)| sql(hundredths(per_tib))),
            },
            ..event.unwrap_or_else(|| context! { event => () })
        }
    }

    fn aggregate(&self, load: &WindowedLoad, aggregate: &Aggregate) -> Value {
        let by = |id: &ColumnId| declared(self.spec, load.column(*id));
        let event = load.event.as_ref();
        let rest: Vec<_> = aggregate.by.iter().filter(|id| event.is_none_or(|event| event.column != **id)).collect();
        let names = load
            .aggregate_columns()
            .into_iter()
            .skip(aggregate.by.len())
            .map(|(name, ty)| Value::from(Sql::Column { name: name.sql(self.spec.dialect), ty, not_null: false }));
        let names: Vec<_> = names.collect();
        let columns = aggregate.columns.iter().zip(&names).map(|(one, name)| {
            let (function, column) = match one.1 {
                Computed::Count => ("COUNT", None),
                Computed::Sum(id) => ("SUM", Some(id)),
                Computed::Min(id) => ("MIN", Some(id)),
                Computed::Max(id) => ("MAX", Some(id)),
            };
            context! { name => name, function => sql(function.to_owned()), column => column.map(|id| by(&id)) }
        });
        // A row is not ingested before its event day, except by the length of the ingestion window.
        // Two filters use that. The filter for each row (`not_before`) gives the same result in
        // every run. The filter for the window (`ingested_from`) lets the engine prune partitions.
        let ingestion = load.column(load.ingestion).ty;
        let within = event.and_then(|event| event.within);
        context! {
            by => aggregate.by.iter().map(by).collect::<Vec<_>>(),
            rest => rest.into_iter().map(by).collect::<Vec<_>>(),
            columns => columns.collect::<Vec<_>>(),
            names => names,
            not_before => within.map(|_| moment(ingestion, 0, whole(ingestion, load.ingested_within))),
            ingested_from => within.map(|within| moment(ingestion, 0, load.before(within))),
        }
    }
}

/// The name of the query that only informs.
pub(crate) const WRITERS: &str = "writers";

/// The templates of statements and monitors, by name.
const TEMPLATES: [(&str, &str); 13] = [
    ("check", "loads/check.sql.j2"),
    ("create", "loads/create.sql.j2"),
    ("batch", "loads/batch.sql.j2"),
    ("updates", "loads/updates.sql.j2"),
    ("replace", "loads/replace.sql.j2"),
    ("clean", "loads/clean.sql.j2"),
    ("span", "loads/span.sql.j2"),
    ("late", "loads/late.sql.j2"),
    ("run", "loads/run.sql.j2"),
    ("slot_hours", "loads/slot_hours.sql.j2"),
    ("cost", "loads/cost.sql.j2"),
    ("timeouts", "loads/timeouts.sql.j2"),
    (WRITERS, "loads/writers.sql.j2"),
];

/// The temp table of a run date.
fn of_run_date(temp: &Relation) -> Relation {
    let name = temp.name().with_suffix(&format!("_{RUN_DATE}"));
    temp.renamed(name.in_quotes())
}

/// The text that marks the statements of a load and run date.
fn mark(load: &WindowedLoad) -> String {
    format!("{} of {RUN_DATE}", load.name.value.as_str())
}

fn sql(text: String) -> Value {
    Value::from(Sql::Literal(text))
}

/// Midnight UTC of the run date plus `days`, less a length, in the type of a column.
fn moment(ty: SqlType, days: u64, less_seconds: u64) -> Value {
    // For a date, `+ days` and `- days` are reduced to one number.
    let both = if ty == SqlType::Date { days.min(less_seconds / DAY) } else { 0 };
    let (days, less_seconds) = (days - both, less_seconds - both * DAY);
    let in_hours = less_seconds.is_multiple_of(3_600);
    let unit = match ty {
        SqlType::Date => DAY,
        _ if in_hours => 3_600,
        _ => 60,
    };
    context! {
        is_date => ty == SqlType::Date,
        has_zone => ty == SqlType::Timestamptz,
        days => (days > 0).then(|| number(days)),
        less => (less_seconds > 0).then(|| number(less_seconds / unit)),
        in_hours,
    }
}

/// Rounds a duration up to whole days if the column is a date.
fn whole(ty: SqlType, seconds: u64) -> u64 {
    if ty == SqlType::Date { seconds.div_ceil(DAY) * DAY } else { seconds }
}

fn hundredths(amount: u64) -> String {
    if amount.is_multiple_of(100) {
        (amount / 100).to_string()
    } else {
        format!("{}.{:02}", amount / 100, amount % 100)
    }
}

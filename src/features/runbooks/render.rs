//! Renders run-books with the names and dates of the project. A project cannot override their
//! templates.

use std::collections::BTreeMap;

use minijinja::{Value, context};

use crate::cycle::plan::{Plan, Slot};
use crate::cycle::render::context::{no_period, place, text};
use crate::cycle::render::value::{Sql, add_text_filters};
use crate::cycle::render::{Failures, Owner, Renderer, context};
use crate::diagnostic::typed;
use crate::dialect::{Dialect, ReaderKind, ViewColumns};
use crate::features::loads::WindowedLoad;
use crate::features::monitors::Asks;
use crate::features::runbooks::Rendered;
use crate::features::runbooks::books::{RUNBOOKS, Runbook};
use crate::features::runbooks::emit;
use crate::features::runbooks::probe::{Probe, has_probe};
use crate::project::{ColumnId, ExceptionsId, Filled, Retention, Spec, Table, TableId, length};
use crate::sql::{Relation, SqlType};

/// Renders the run-books that apply to the project. Those about periods exist once for each list of
/// periods that tables use. Leaves out those about the next period if no period can follow, because
/// of the year 9999, and that about the last period if it is the only one.
pub(crate) fn render(spec: &Spec, plan: &Plan, failures: &mut Failures) -> Rendered {
    let mut writer = Writer { spec, renderer: Renderer::new(spec, BTreeMap::new()), failures };
    add_text_filters(&mut writer.renderer.environment);
    let mut sql = writer.statements(None);
    sql.insert("others", writer.others(plan));
    // The example of a change is a table with history, if there is one.
    let example_of_change = spec.tables().min_by_key(|(_, table)| !table.has_periods());
    let changes = example_of_change.map(|(id, _)| writer.changes(id));
    let has_history = spec.tables.iter().any(|table| !table.is_purged());
    let applies = |name: &str| match name {
        "qa" => spec.tables.iter().any(Table::has_periods),
        "migration" | "restore" => has_history,
        "erase" => spec.exceptions.iter().any(|exceptions| exceptions.erased.is_some()),
        "load-incident" => !spec.loads.is_empty(),
        _ => true,
    };
    let applies = |name: &str| applies(name) && (!spec.tables.is_empty() || name == "load-incident");
    let erasures = writer.erasures();
    let several = erasures.len() > 1;
    let shared = context! { sql, changes, erasures, several_erasures => several, ..project(spec) };
    let mut books = Vec::new();
    for book in RUNBOOKS.iter().filter(|book| !book.is_of_list && applies(book.name)) {
        books.push((book.name.to_owned(), writer.book(book, &shared)));
    }
    let lists: Vec<_> = spec.used_lists().collect();
    for (id, tables) in &lists {
        let (list, of_list) = (spec.list(*id), writer.list(*id));
        // The statements of one list are those of its tables. The only list has all tables.
        let own = (lists.len() > 1).then(|| writer.statements(Some(tables)));
        let shared = match own {
            Some(own) => context! { sql => own, ..context! { ..of_list, ..shared.clone() } },
            None => context! { ..of_list, ..shared.clone() },
        };
        for book in RUNBOOKS.iter().filter(|book| book.is_of_list) {
            let lacks = |key: &str| shared.get_attr(key).is_ok_and(|value| value.is_none());
            let is_left_out = match book.name {
                "rotation" | "late-period" => lacks("next"),
                "remove-period" | "retire-period" => lacks("last"),
                _ => false,
            };
            if !is_left_out {
                books.push((emit::stem(book.name, list.name.as_deref()), writer.book(book, &shared)));
            }
        }
    }
    books.sort();
    Rendered { books, lock: writer.lock() }
}

pub(super) struct Writer<'a, 'f> {
    pub(super) spec: &'a Spec,
    pub(super) renderer: Renderer<'a>,
    pub(super) failures: &'f mut Failures,
}

/// Statements by purpose, each list with one statement for each table or exceptions table.
type Statements = BTreeMap<&'static str, Vec<Value>>;

pub(super) fn word(text: impl Into<String>) -> Value {
    Value::from(Sql::Word(text.into()))
}

/// The template context of the whole project.
fn project(spec: &Spec) -> Value {
    let out = spec.out.as_ref().map_or(crate::project::OUT, |out| out.value.as_str());
    let models: Vec<_> = spec.tables.iter().map(|table| table.model.value.as_str()).collect();
    let elsewhere =
        spec.tables.iter().filter(|table| table.load.is_none()).map(|table| word(table.model.value.as_str()));
    let elsewhere: Vec<_> = elsewhere.collect();
    let own_loads = |table: &&Table| table.load.is_none() && !table.erasures.is_empty();
    let of_own: Vec<_> = spec.tables.iter().filter(own_loads).map(|table| table.model.value.as_str()).collect();
    let shell = spec.dialect.rules().shell();
    let exceptions_table = |id: ExceptionsId| {
        let tables = || spec.tables.iter().filter(move |table| table.exceptions == id);
        context! {
            models => tables().map(|table| word(table.model.value.as_str())).collect::<Vec<_>>(),
            type => word(tables().next().map_or("", |table| &table.exception_type)),
            resolve => word(format!("resolve__{}", spec.exceptions_name(id))),
        }
    };
    let exceptions_tables: Vec<_> = (0..spec.exceptions.len()).map(ExceptionsId).map(exceptions_table).collect();
    let compared = spec.monitors.iter().filter_map(|monitor| match &monitor.asks {
        Asks::Compare { with, .. } if spec.dialect.rules().has_external_schemas() => Some(word(with.sql(spec.dialect))),
        _ => None,
    });
    let compared: Vec<_> = compared.collect();
    let named = |is_wanted: &dyn Fn(&Table) -> bool| -> Vec<Value> {
        let wanted = spec.tables.iter().filter(|table| is_wanted(table));
        wanted.map(|table| word(table.model.value.as_str())).collect()
    };
    let table = |(id, table): (TableId, &Table)| {
        context! {
            model => word(table.model.value.as_str()),
            mart => word(table.relation.sql(spec.dialect)),
            view => table.history().map(|_| word(spec.all_rows(id).sql(spec.dialect))),
            exception_type => word(&table.exception_type),
        }
    };
    let tables: Vec<_> = spec.tables().map(table).collect();
    let stated = spec.monitors.iter().filter_map(|monitor| {
        let exception_type = word(monitor.exception_type.as_deref()?);
        let model = word(spec.table(monitor.table).model.value.as_str());
        Some(context! { type => exception_type, model => model, name => word(monitor.name.value.as_str()) })
    });
    let schedule = spec.schedule.as_ref().map(|schedule| {
        context! {
            cycle => word(length(schedule.cycle_every)),
            sweep => word(schedule.sweep.to_string()),
            monitoring => word(schedule.monitoring.to_string()),
            mart_timeout => word(length(schedule.mart_timeout)),
            pool => word(spec.pool()),
        }
    });
    context! {
        project => word(&spec.name),
        package => word(spec.dbt_package()),
        out => word(typed(out.trim_end_matches('/'))),
        shell_has_variables => shell.has_variables,
        needs_snapshot_isolation => spec.dialect.rules().needs_snapshot_isolation(),
        has_lock => spec.dialect.rules().has_advisory_locks(),
        has_doctor => spec.dialect.rules().speaks_postgres(),
        later_grant => spec.dialect.rules().later_grant().map(word),
        has_grants => spec.dialect.rules().grantee(ReaderKind::Role).is_some(),
        client => word(shell.quiet),
        client_bare => word(shell.bare),
        client_loud => word(shell.loud),
        // An operator may leave out the tripwire of a table whose rows are archived. After a purge
        // without a tripwire, nothing brings the rows back.
        has_tripwire => named(&|table| table.tripwire.is_some() && !table.is_purged()),
        purged => named(&Table::is_purged),
        limited => named(&|table| table.limit.is_some()),
        has_periods => spec.tables.iter().any(Table::has_periods),
        // `ddl/` does not create a mart with a generated column.
        marts_of_others => spec
            .tables
            .iter()
            .filter(|table| table.has_filled(Filled::Generated))
            .map(|table| word(table.relation.sql(spec.dialect)))
            .collect::<Vec<_>>(),
        creates_marts => spec.tables.iter().any(|table| !table.has_filled(Filled::Generated)),
        counts => spec.tables.iter().any(|table| table.has_filled(Filled::Identity)),
        archives => spec.tables.iter().any(|table| !table.is_purged()),
        exceptions_tables => exceptions_tables,
        compared => compared,
        timing => word(shell.timing),
        echo_file => word(shell.echo),
        models => word(models.join(" ")),
        tables => tables,
        first_model => word(models.first().copied().unwrap_or_default()),
        loads_all => elsewhere.is_empty(),
        erased_elsewhere => (!of_own.is_empty()).then(|| word(of_own.join(", "))),
        loaded_elsewhere => elsewhere,
        retired => spec.used_lists().all(|(id, _)| spec.list(id).retired_before.is_some()),
        some_retired => spec.used_lists().any(|(id, _)| spec.list(id).retired_before.is_some()),
        // A run-book about periods exists once for each list.
        any_list => word(if spec.lists().count() > 1 { " --list NAME" } else { "" }),
        has_probe => spec.tables.iter().any(|table| has_probe(spec, table)),
        time_zone => spec.zone.name().map(word),
        // A purged child whose parent came back is not restored.
        has_children => spec
            .tables
            .iter()
            .any(|table| matches!(table.retention, Retention::WhileIn { .. }) && !table.is_purged()),
        stated => stated.collect::<Vec<_>>(),
        schedule => schedule,
        loads => spec.loads.iter().map(load).collect::<Vec<_>>(),
    }
}

/// The view that lists the partitions of a dataset.
fn partitions_of(history: &Relation, dialect: Dialect) -> String {
    let dataset = history.database.iter().chain([&history.schema]).map(|part| part.sql(dialect));
    format!("{}.INFORMATION_SCHEMA.PARTITIONS", dataset.collect::<Vec<_>>().join("."))
}

/// The template context of a windowed load.
fn load(load: &WindowedLoad) -> Value {
    let event = load.event.as_ref();
    context! {
        name => word(load.name.value.as_str()),
        span => word(load.alarms.span_days.to_string()),
        is_bounded => event.is_some_and(|event| event.within.is_some()),
        event => event.map(|event| word(load.column(event.column).name.as_str())),
        has_cost => load.alarms.cost.is_some(),
        has_aggregate => load.aggregate.is_some(),
    }
}

impl Writer<'_, '_> {
    fn book(&mut self, book: &Runbook, shared: &Value) -> String {
        let called = || format!("run-book {}", book.name);
        let rendered = self.renderer.render(book.template, &called, shared.clone());
        format!("{}\n", self.failures.keep_text(book.template, rendered))
    }

    /// Renders a statement with real names.
    pub(super) fn statement(&mut self, template: &'static str, context: Value) -> Value {
        statement(&mut self.renderer, self.failures, template, context)
    }

    /// The statements of these tables and of their exceptions, or of all tables.
    fn statements(&mut self, only: Option<&[TableId]>) -> Statements {
        let spec = self.spec;
        let is_meant = |id: TableId| only.is_none_or(|only| only.contains(&id));
        let mut sql = Statements::new();
        spec.tables().filter(|(id, _)| is_meant(*id)).for_each(|(id, _)| self.table(id, &mut sql));
        for number in (0..spec.exceptions.len()).map(ExceptionsId) {
            let tables = spec.tables().filter(|(id, table)| is_meant(*id) && table.exceptions == number);
            let types: Vec<_> = tables.map(|(_, table)| text(&table.exception_type)).collect();
            if only.is_none() || !types.is_empty() {
                self.exceptions(number, only.map(|_| types), &mut sql);
            }
        }
        sql
    }

    fn table(&mut self, id: TableId, sql: &mut Statements) {
        let (spec, found) = (self.spec, self.spec.table(id));
        let model = found.model.value.as_str();
        let root = spec.root(id);
        let cutoff_now = self.renderer.render(
            "monitors/cutoff_now.sql.j2",
            &|| model.to_owned(),
            context! { slack => (), ..no_period(spec, root) },
        );
        let cutoff_now = self.failures.keep_text("monitors/cutoff_now.sql.j2", cutoff_now);
        let snapshot = spec.schema.renamed(found.model.value.with_suffix("__snapshot")).sql(spec.dialect);
        let probe = Probe::new(spec, id);
        let context = context! {
            model => text(model),
            // A row that is not finished may have no time. In other tables, such a row is a
            // mistake.
            has_live_rows => !found.only_when.is_empty() && !found.column(found.time.column).not_null,
            staged => word(found.model.value.sql(spec.dialect)),
            snapshot => word(&snapshot),
            view => found.history().map(|_| place(Slot::AllRows(id))),
            cutoff_now => Value::from(Sql::Query(cutoff_now)),
            probe => probe.values(),
            probe_key => probe.key(),
            probe_time => Value::from(Sql::Literal(probe.value(found.time.column))),
            probe_exception => Value::from(Sql::Literal(probe.value(found.exception_key))),
            // "INFORMATION_SCHEMA.PARTITIONS" in BigQuery's manual: of one dataset.
            partitions => found.history().map(|history| word(partitions_of(history, spec.dialect))),
            history_names => spec.periods_of(id).map(|period| text(spec.history(id, period).name().as_str())).collect::<Vec<_>>(),
            ..no_period(spec, id)
        };
        let all = [
            ("filled", "runbooks/sql/filled.sql.j2"),
            ("seed", "runbooks/sql/seed.sql.j2"),
            ("incomplete", "runbooks/sql/incomplete.sql.j2"),
            ("snapshot", "runbooks/sql/snapshot.sql.j2"),
            ("snapshot_differs", "runbooks/sql/snapshot_differs.sql.j2"),
            ("snapshot_gone", "runbooks/sql/snapshot_gone.sql.j2"),
            ("size", "runbooks/sql/size.sql.j2"),
            ("held", "runbooks/sql/held.sql.j2"),
            ("analyze", "runbooks/sql/analyze.sql.j2"),
        ];
        let of_history = [
            ("archived", "runbooks/sql/archived.sql.j2"),
            ("lost", "runbooks/sql/lost.sql.j2"),
            ("copies", "runbooks/sql/copies.sql.j2"),
        ];
        let of_periods = [("waiting", "runbooks/sql/waiting.sql.j2"), ("below", "runbooks/sql/below.sql.j2")];
        // The probe of `qa` is a row that no period covers. A retired row is deleted instead.
        let of_probe = [
            ("probe", "runbooks/sql/probe.sql.j2"),
            ("probe_known", "runbooks/sql/probe_known.sql.j2"),
            ("probe_gone", "runbooks/sql/probe_gone.sql.j2"),
            ("probe_open", "runbooks/sql/probe_open.sql.j2"),
        ];
        let of_children =
            [("unjoined", "runbooks/sql/unjoined.sql.j2"), ("childless", "runbooks/sql/childless.sql.j2")];
        let is_child = matches!(found.retention, Retention::WhileIn { .. });
        let of_history = of_history.into_iter().filter(|_| !found.is_purged());
        let of_probe = of_probe.into_iter().filter(|_| has_probe(spec, found));
        let of_periods = of_periods.into_iter().filter(|_| found.has_periods()).chain(of_probe);
        let of_children = of_children.into_iter().filter(|_| is_child && !found.is_purged());
        for number in (0..found.columns.len()).map(ColumnId).filter(|&id| found.column(id).filled == Filled::Identity) {
            let statement = self.statement("runbooks/sql/count_on.sql.j2", context::identity(spec, id, number));
            sql.entry("count_on").or_default().push(statement);
        }
        for (name, template) in all.into_iter().chain(of_history).chain(of_periods).chain(of_children) {
            let statement = self.statement(template, context.clone());
            sql.entry(name).or_default().push(statement);
        }
    }

    /// `types`: only exceptions of these types.
    fn exceptions(&mut self, id: ExceptionsId, types: Option<Vec<Value>>, sql: &mut Statements) {
        let context = context! { types, table => place(Slot::Exceptions(id)), ..context::exceptions(self.spec, id) };
        for (name, template) in [
            ("open", "runbooks/sql/open.sql.j2"),
            ("gaps", "runbooks/sql/gaps.sql.j2"),
            ("sealed", "runbooks/sql/sealed.sql.j2"),
        ] {
            let statement = self.statement(template, context.clone());
            sql.entry(name).or_default().push(statement);
        }
    }

    /// The statements that change the columns of a table, for a column that stands for any.
    fn changes(&mut self, id: TableId) -> Value {
        let spec = self.spec;
        let column = Sql::Column { name: "new_column".to_owned(), ty: SqlType::Varchar(200), not_null: false };
        let renamed = Sql::Column { name: "newer_name".to_owned(), ty: SqlType::Varchar(200), not_null: false };
        let shared = context! { column => Value::from(column), renamed => Value::from(renamed), filled => Filled::ByInsert.word(), zone => "" };
        let with_rows =
            std::iter::once(Slot::Mart(id)).chain(spec.periods_of(id).map(|period| Slot::History(id, period)));
        let with_rows: Vec<_> = with_rows.collect();
        let mut each = |template: &'static str| -> Vec<Value> {
            let statements = with_rows.iter().map(|&slot| {
                let context = context! { table => place(slot), ..shared.clone() };
                statement(&mut self.renderer, self.failures, template, context)
            });
            statements.collect()
        };
        let (add, change) = (each("runbooks/sql/add_column.sql.j2"), each("runbooks/sql/change_type.sql.j2"));
        let rename = each("runbooks/sql/rename_column.sql.j2");
        context! {
            model => word(spec.table(id).model.value.as_str()),
            add => add,
            change => change,
            rename => rename,
            drop_views => Slot::views(spec, id)
                .map(|view| self.statement("runbooks/sql/drop_view.sql.j2", context! { view => place(view) }))
                .collect::<Vec<_>>(),
            view_is_dropped => match spec.dialect.rules().view_columns() {
                _ if spec.table(id).is_purged() => "never",
                ViewColumns::Any => "never",
                ViewColumns::Appended => "unless last",
                ViewColumns::Same => "always",
            },
        }
    }
}

fn statement(renderer: &mut Renderer<'_>, failures: &mut Failures, template: &'static str, context: Value) -> Value {
    let called = || template.to_owned();
    let named = renderer
        .render(template, &called, context)
        .and_then(|marked| renderer.name(Owner::Operation, template, &called, "", &marked));
    Value::from(Sql::Query(failures.keep(&(), template, named).sql))
}

//! Turns raw shapes into a [`Spec`]: looks up names, computes bounds, and reports contradictions.

pub(crate) mod columns;
pub(crate) mod duration;
mod exceptions;
mod grants;
mod history;
mod layout;
pub(crate) mod list;
mod lists;
mod load;
pub(crate) mod names;
pub(crate) mod order;
mod periods;
pub(crate) mod relations;
pub(crate) mod retention;
pub(crate) mod share;
pub(crate) mod table;
pub(crate) mod zone;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Sink};
use crate::dialect::Dialect;
use crate::features::{erasure, loads, maintenance, monitors, raw_trims, schedule};
use crate::project::lint_rules;
use crate::project::read::Raw;
use crate::project::resolve::relations::{plain, schema_of};
use crate::project::shape::Field;
use crate::project::{Period, PeriodListId, Places, Spec, Table, Zone};
use crate::source::Span;

/// Resolves a project. `dialect` replaces the dialect that the project states.
pub(crate) fn resolve(raw: &Raw, dialect: Option<Dialect>) -> Result<Spec, Diagnostics> {
    let mut sink = Sink::default();
    let spec = resolve_project(raw, dialect, &mut sink);
    sink.finish(spec)
}

fn resolve_project(raw: &Raw, dialect: Option<Dialect>, sink: &mut Sink) -> Option<Spec> {
    let project = &raw.project;
    let dialect = dialect.or_else(|| project.dialect.get().map(|word| word.value.0))?;
    let name = project.name.get().and_then(|name| plain(name, "the project", sink));
    let schema = project.schema.get().and_then(|schema| schema_of(schema, dialect, sink));
    // A project that has only windowed loads has no tables and no periods.
    let without_tables = |field: &str, span: Span| {
        let message = format!("`{field}` is stated, but the project has no tables");
        Diagnostic::new(Code::WindowedLoad, message, span, "would have no effect")
            .help(format!("add `tables:`, or remove `{field}:`"))
    };
    let has_only_loads = project.loads.get().is_some() && matches!(project.tables, Field::Missing);
    let specs: Vec<_> = raw.tables.iter().filter_map(|table| table.get()).collect();
    // A project without history tables per period needs no periods either.
    let has_periods = specs.is_empty() || specs.iter().any(|spec| spec.value.needs_periods());
    let needs_periods = !has_only_loads && (has_periods || !matches!(project.periods, Field::Missing));
    let fiscal_year = project.fiscal_year.get().map(|stated| periods::fiscal_year(&stated.value, sink));
    let zone = project.time_zone.get().map(|stated| (stated.span, zone::resolve(stated, sink)));
    let time_zone = match &zone {
        Some((_, zone)) => zone.clone(),
        None => Some(Zone::default()),
    };
    let lists = match fiscal_year {
        // Its error is reported. Names of fiscal years would only cause more errors.
        Some(None) => None,
        _ => {
            let zone = time_zone.clone().unwrap_or_default();
            lists::resolve(raw, needs_periods, fiscal_year.flatten(), &zone, sink)
        }
    };
    let of_list = [
        ("sealed_before", project.sealed_before.get()),
        ("retired_before", project.retired_before.get()),
        ("keep_history", project.keep_history.get()),
    ];
    for (key, stated) in of_list.into_iter().filter(|_| !has_periods && !has_only_loads) {
        let Some(stated) = stated else { continue };
        let message = format!("`{key}` is stated, but no table has a history table per period");
        sink.push(Diagnostic::new(Code::NoPeriods, message, stated.span, "would have no effect").help("remove it"));
    }
    let has_only_names = raw.lists.iter().all(|list| list.name.is_some());
    for (key, stated) in of_list.into_iter().filter(|_| has_periods && has_only_names) {
        let Some(stated) = stated else { continue };
        let message = format!("`{key}` is stated for the list `periods`, which rowkeep.yml does not have");
        sink.push(
            Diagnostic::new(Code::NoPeriods, message, stated.span, "would have no effect")
                .help(format!("move it into its list, as in `yearly: {{ periods: [2026], {key}: ... }}`")),
        );
    }
    if has_only_loads {
        let periods = project.periods.get().map(|stated| ("periods", stated.span));
        let exceptions = project.exceptions.get().map(|stated| ("exceptions", stated.span));
        periods.into_iter().chain(exceptions).for_each(|(key, span)| sink.push(without_tables(key, span)));
    }
    if raw.tables.is_empty() && stated(&project.loads).is_empty() {
        let span = project.tables.get().map_or(raw.first_list(), |tables| tables.span);
        let (message, help) = if has_only_loads {
            (
                "the project has neither tables nor windowed loads; there is nothing to compile",
                "add a table spec, or an entry of `loads:`",
            )
        } else {
            ("the project has no tables; there is nothing to compile", "add one spec per rolling table")
        };
        sink.push(Diagnostic::new(Code::NoTables, message, span, "empty").help(help));
    }
    if let Some(stated) = project.lint.get() {
        lint_rules::resolve(&stated.value, sink);
    }
    let schema = schema?;
    let defaults = project.defaults.get().map(|defaults| &defaults.value);
    let drafts: Vec<_> =
        specs.iter().map(|spec| table::draft(&spec.value, spec.span, defaults, &schema, dialect, sink)).collect();
    // If a table has an error, stop here: the checks across tables would only report misleading
    // errors.
    let drafts: Vec<_> = drafts.into_iter().collect::<Option<_>>()?;
    let exceptions = if has_only_loads {
        Some(exceptions::Resolved::default())
    } else {
        exceptions::resolve(&specs, &drafts, project.exceptions.get(), &schema, dialect, sink)
    };
    let tables = order::resolve(drafts, dialect, sink);
    let (exceptions, tables, time_zone, lists) = (exceptions?, tables?, time_zone?, lists?);
    lists::default_is_known(defaults, &lists.lists, sink);
    let of_tables = lists::of_tables(&tables, &lists.lists, sink)?;
    lists::are_used(&of_tables, &raw.lists, sink);
    let tables = tables.into_iter().zip(of_tables).map(|(draft, periods)| finish(draft, periods, &exceptions));
    let tables: Vec<Table> = tables.collect();
    if let Some((place, _)) = zone.filter(|_| !has_periods && !has_only_loads) {
        zone::has_effect(&time_zone, place, &tables, sink);
    }
    let mut spec = Spec {
        name: name?.as_str().to_owned(),
        dialect,
        all_periods: lists.periods,
        lists: lists.lists,
        fiscal_year: fiscal_year.flatten(),
        zone: time_zone,
        whole: Period::whole(),
        places: Places { periods: raw.first_list(), each_period: lists.each_period },
        exceptions: exceptions.tables,
        tables,
        raw_tables: Vec::new(),
        monitors: Vec::new(),
        maintenance: Vec::new(),
        schedule: None,
        loads: Vec::new(),
        out: project.out.get().cloned(),
        schema,
    };
    zone::agree(&spec, sink);
    zone::lookback_is_long(&spec, sink);
    erasure::resolve(&mut spec, sink);
    spec.raw_tables = raw_trims::resolve(stated(&project.raw), &spec, sink);
    names::check(&spec, &specs, stated(&project.monitors), sink);
    spec.monitors = monitors::resolve(stated(&project.monitors), &spec, sink);
    spec.maintenance = maintenance::resolve(stated(&project.maintenance), &spec, sink);
    spec.loads = loads::resolve(stated(&project.loads), &raw.queries, &spec, sink);
    names::check_loads(&spec, sink);
    spec.schedule = project.schedule.get().and_then(|stated| schedule::resolve(stated, &spec, sink));
    Some(spec)
}

/// The entries of a list that may be left out.
fn stated<T>(list: &Field<Vec<Field<T>>>) -> &[Field<T>] {
    list.get().map_or(&[], |list| &list.value)
}

/// Builds a table from its draft. `ordered` has its links to other tables as ids.
fn finish(ordered: order::Ordered, periods: Option<PeriodListId>, exceptions: &exceptions::Resolved) -> Table {
    let order::Ordered { draft, retention, depends_on, position } = ordered;
    let (exceptions, exception_key) = exceptions.of_table[position];
    Table {
        model: draft.model,
        relation: draft.relation,
        archive: draft.archive,
        periods,
        places: draft.places,
        columns: draft.columns,
        unique_key: draft.unique_key,
        time: draft.time,
        rows: draft.rows,
        retention,
        only_when: draft.only_when,
        exceptions,
        exception_key,
        exception_type: draft.exception_type.value,
        erasures: Vec::new(),
        layout: draft.layout,
        readers: draft.readers,
        tripwire: draft.tripwire,
        limit: draft.limit,
        raw: draft.raw,
        raw_columns: draft.raw_columns,
        load: draft.load,
        depends_on,
    }
}

//! The effect of a change of a project, before the change is deployed: first a summary, then each
//! statement.

mod columns;
mod consequences;
mod statements;
mod text;

use serde::Serialize;

use crate::artifacts::Artifacts;
use crate::artifacts::manifest::Definition;
use crate::check::{Edges, edges};
use crate::cycle::plan::DefinitionKind;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::project::{PeriodId, Spec};
use crate::rotate::list_of;
use crate::source::Inputs;

pub use columns::Alteration;
pub use consequences::{Consequence, Weight};
pub use statements::{Changed, How};
pub use text::MARKER;
pub(crate) use text::hunks;

/// The differences between two versions of a project.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Preview {
    /// Its consequences, destructive ones first.
    pub consequences: Vec<Consequence>,
    /// Rows that start to flow into a new history table.
    pub flows: Vec<Flow>,
    /// The edges of the periods before and after, for each table whose edges change.
    pub edges: Vec<EdgeChange>,
    /// Statements that change the columns of existing tables. Run them before the next cycle, in
    /// this order, then create the views again.
    pub altered: Vec<Alteration>,
    /// Relations to create before the next cycle, in the order of creation.
    pub created: Vec<Relation>,
    /// Views to create again, because they read other tables or have other columns, and grants to
    /// run again, because they have other readers.
    pub replaced: Vec<Relation>,
    /// Relations that no statement uses any more. No statement drops them.
    pub abandoned: Vec<Relation>,
    /// Statements that differ, in run order.
    pub statements: Vec<Changed>,
    /// The number of statements that do not differ.
    pub untouched: usize,
}

/// A table or view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Relation {
    /// Its name, with its schema.
    pub relation: String,
    /// Its kind: `mart`, `history`, `exceptions`, `work`, `view`, `index` or `grant`.
    pub kind: &'static str,
    /// The statement that creates it.
    pub sql: String,
}

/// Due rows that go to a new history table from a day on.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Flow {
    /// The model.
    pub model: String,
    /// The period.
    pub period: String,
    /// The history table.
    pub to: String,
    /// The first day on which rows of the period can be due. `None` if it is after the year 9999.
    pub from: Option<String>,
}

/// The edges of the periods for one table, before and after a change.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct EdgeChange {
    /// The model.
    pub model: String,
    /// Before the change: rows older than this day fall into no period.
    pub lower_edge_before: Option<String>,
    /// After the change: rows older than this day fall into no period.
    pub lower_edge_after: Option<String>,
    /// Before the change: from this day on, due rows fall into no period.
    pub horizon_before: Option<String>,
    /// After the change: from this day on, due rows fall into no period.
    pub horizon_after: Option<String>,
}

/// A version of a project that does not compile.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the project does not compile {}: {diagnostics}", if *.is_after { "after the change" } else { "before the change" })]
pub struct Uncompiled {
    /// The findings.
    pub diagnostics: Diagnostics,
    /// Whether it is the version after the change.
    pub is_after: bool,
}

impl Preview {
    /// Whether the two versions do the same.
    pub fn is_empty(&self) -> bool {
        self.consequences.is_empty()
            && self.statements.is_empty()
            && self.created.is_empty()
            && self.replaced.is_empty()
            && self.abandoned.is_empty()
    }

    /// The number of statements with this kind of difference.
    pub fn count(&self, how: How) -> usize {
        self.statements.iter().filter(|changed| changed.how == how).count()
    }
}

/// Compares two versions of a project.
///
/// # Errors
///
/// The findings of the first version that does not compile.
///
/// ```
/// use rowkeep::Inputs;
/// use rowkeep::diff::{How, diff};
/// use rowkeep::rotate::{Rotation, rotate};
///
/// let now = Inputs::new("rowkeep.yml", "name: shop\ndialect: duckdb\nschema: s\nperiods: [2025]\nexceptions: x\ntables:\n- {model: mart, history: hist, unique_key: id, time: {column: day}, rows: latest, retention: {for: 90 days}, exception: GAP, columns: {id: bigint, day: date}}\n");
/// let Ok(Rotation::Added { inputs: next, .. }) = rotate(&now, None, None, None) else { panic!() };
/// let preview = diff(&now, &next).unwrap();
/// assert_eq!(preview.flows[0].to, "s.hist_2026");
/// assert_eq!(preview.flows[0].from.as_deref(), Some("2026-04-01"));
/// assert_eq!(preview.count(How::Dropped), 0);
/// ```
pub fn diff(before: &Inputs, after: &Inputs) -> Result<Preview, Box<Uncompiled>> {
    let resolve = |inputs: &Inputs, is_after| {
        crate::resolve(inputs).map_err(|diagnostics| Box::new(Uncompiled { diagnostics, is_after }))
    };
    let (old, new) = (resolve(before, false)?, resolve(after, true)?);
    between((&old, before), (&new, after))
}

/// Previews the removal of a period from a list: from the list with this name, or the list of
/// `periods` in rowkeep.yml. `None` if the list has no period with this name.
///
/// # Errors
///
/// If the project does not compile, before or after the removal. The removal of a period between
/// two others would leave a gap.
pub fn diff_without(inputs: &Inputs, list: Option<&str>, period: &str) -> Result<Option<Preview>, Box<Uncompiled>> {
    let uncompiled = |diagnostics| Box::new(Uncompiled { diagnostics, is_after: false });
    let spec = crate::resolve(inputs).map_err(uncompiled)?;
    let list = list_of(&spec, list).map_err(|wrong| uncompiled((*wrong).into()))?;
    let mut ids = spec.list(list).ids.clone().map(PeriodId);
    let Some(id) = ids.find(|&id| spec.period(id).name == period) else { return Ok(None) };
    let (removed, place) = (spec.period(id), spec.span_of(id));
    let after = spec.without(list, id);
    let left = after.listed(after.list(list));
    let refused =
        |code, message: String| Err(uncompiled(Diagnostic::new(code, message, place, "the removed period").into()));
    if id.0 > spec.list(list).ids.start && Some(id) != spec.list(list).last() {
        return refused(
            Code::PeriodGap,
            format!(
                "no period would cover [{}, {}): only the first or the last period can be removed",
                removed.start(),
                removed.end()
            ),
        );
    }
    if left.iter().all(|period| period.sealed) {
        return refused(Code::NoPeriods, "no open period would be left: no cycle could archive a row".to_owned());
    }
    between((&spec, inputs), (&after, inputs)).map(Some)
}

/// One of the two versions that are compared.
#[derive(Clone, Copy)]
struct Version<'a> {
    spec: &'a Spec,
    artifacts: &'a Artifacts,
    inputs: &'a Inputs,
}

/// The differences between two resolved versions.
fn between((old, before): (&Spec, &Inputs), (new, after): (&Spec, &Inputs)) -> Result<Preview, Box<Uncompiled>> {
    let compile = |spec: &Spec, inputs: &Inputs, is_after| {
        crate::compile_spec(spec, inputs).map_err(|diagnostics| Box::new(Uncompiled { diagnostics, is_after }))
    };
    let (before_artifacts, after_artifacts) = (compile(old, before, false)?, compile(new, after, true)?);
    let old = Version { spec: old, artifacts: &before_artifacts, inputs: before };
    let new = Version { spec: new, artifacts: &after_artifacts, inputs: after };
    let (statements, untouched) = statements::compare(old, new);
    let relation =
        |found: &Definition| Relation { relation: found.relation.clone(), kind: found.kind, sql: found.sql.clone() };
    let relations = |from: Version<'_>, without: Version<'_>| -> Vec<Relation> {
        // A grant has the name of its relation.
        let is_there = |one: &Definition| without.artifacts.manifest().ddl.iter().any(|other| other.path == one.path);
        let missing = from.artifacts.manifest().ddl.iter().filter(|definition| !is_there(definition));
        missing.map(relation).collect()
    };
    let altered = columns::of(old.spec, new.spec);
    // A view that is dropped loses its grants.
    let is_dropped = |relation: &str| altered.iter().any(|one| one.relation == relation && one.drops);
    let is_changed = |one: &&Definition| {
        let was = old.artifacts.manifest().ddl.iter().find(|was| was.path == one.path);
        was.is_some_and(|was| was.sql != one.sql || is_dropped(&one.relation))
    };
    let again = [DefinitionKind::View, DefinitionKind::Grant].map(DefinitionKind::as_str);
    let again = new.artifacts.manifest().ddl.iter().filter(|definition| again.contains(&definition.kind));
    let replaced = again.filter(is_changed).map(relation).collect();
    let is_relation = |relation: &Relation| relation.kind != DefinitionKind::Grant.as_str();
    Ok(Preview {
        consequences: consequences::of(old, new),
        flows: flows(old.spec, new.spec),
        edges: edge_changes(old.spec, new.spec),
        altered,
        created: relations(new, old),
        replaced,
        abandoned: relations(old, new).into_iter().filter(is_relation).collect(),
        statements,
        untouched,
    })
}

/// The new history tables, with the day from which due rows go to each.
fn flows(before: &Spec, after: &Spec) -> Vec<Flow> {
    let edges = edges(after);
    let mut flows = Vec::new();
    for ((id, table), edges) in after.tables().zip(&edges) {
        let was = before.listed_for(table.model.value.as_str());
        let is_new = |name: &str| was.iter().all(|period| period.name != name);
        let periods = after.periods_of(id).filter(|_| table.has_periods());
        for period in periods.filter(|&period| is_new(&after.period(period).name)) {
            let first = edges.length.after(after.period(period).start_epoch());
            flows.push(Flow {
                model: table.model.value.as_str().to_owned(),
                period: after.period(period).name.clone(),
                to: after.history(id, period).sql(after.dialect),
                from: crate::check::Day::of_epoch(first).map(|day| day.to_string()),
            });
        }
    }
    flows
}

fn edge_changes(before: &Spec, after: &Spec) -> Vec<EdgeChange> {
    let (old, new) = (edges(before), edges(after));
    let shown = |day: Option<crate::check::Day>| day.map(|day| day.to_string());
    let change = |new: &Edges| {
        let old = old.iter().find(|old| old.model == new.model)?;
        let is_same = (old.horizon, old.lower_edge) == (new.horizon, new.lower_edge);
        (!is_same && old.has_periods && new.has_periods).then(|| EdgeChange {
            model: new.model.clone(),
            lower_edge_before: shown(old.lower_edge),
            lower_edge_after: shown(new.lower_edge),
            horizon_before: shown(old.horizon),
            horizon_after: shown(new.horizon),
        })
    };
    new.iter().filter_map(change).collect()
}

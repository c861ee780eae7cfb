//! The claim of each step, derived from the step and the spec alone. `docs/reference/statements.md`
//! describes the steps.

mod clock;
mod conditions;
mod definitions;
mod erasure;
mod hooks;
mod in_place;
mod load;
mod purge;
mod stale;

use std::borrow::Cow;

use crate::cycle::plan::{Definition, Grant, Index, Scope, Slot, StatementKind, Step};
use crate::project::{ColumnId, Spec, Table, TableId};
use crate::verify::meaning::{
    All, Comparison, Condition, Conjunct, Depth, Meaning, Role, Row, Rows, Select, Source, Term, any, compare,
};
use crate::verify::names::{CUTOFF_COLUMN, Names};

/// The claim of a step.
pub(super) fn of_step<'a>(names: &'a Names<'_>, table: TableId, scope: &'a Scope, step: &Step) -> Meaning<'a> {
    let claims = Claims { names, spec: names.spec, id: table, table: names.spec.table(table), scope };
    // Invariant: a step that reads or writes one history table has its period.
    let period = || step.period.unwrap_or_else(|| unreachable!("{} has a period", step.kind.word()));
    match step.kind {
        StatementKind::LoadCorrect => claims.load_correct(),
        StatementKind::LoadInsert => claims.load_insert(),
        StatementKind::LoadKeyless => claims.load_keyless(),
        StatementKind::LoadTimeless => claims.load_timeless(),
        StatementKind::LoadUpsert => claims.load_upsert(),
        StatementKind::CutoffClear | StatementKind::CleanupClear | StatementKind::DueClear => claims.clear(step.writes),
        StatementKind::CutoffFill | StatementKind::CutoffInherit => claims.cutoff(),
        StatementKind::Restore => claims.restore(),
        StatementKind::RestoreUpsert => claims.restore_upsert(),
        StatementKind::StaleFill => claims.stale(),
        StatementKind::Supersede => claims.supersede(),
        StatementKind::SupersedeTimeless => claims.supersede_timeless(),
        StatementKind::Cleanup => claims.cleanup(step.writes, period()),
        StatementKind::CleanupEvent => claims.cleanup_event(step.writes, period()),
        StatementKind::DueFill | StatementKind::DueRest => claims.due(),
        StatementKind::Resolve => claims.resolve_keyed(),
        StatementKind::ResolveKeyless => claims.resolve_keyless(),
        StatementKind::DueLimit => claims.due_limit(),
        StatementKind::Archive => claims.archive(step.writes, period()),
        StatementKind::PurgeCount => claims.purge_count(),
        StatementKind::PurgeDelete => claims.purge_delete(),
        StatementKind::Trim => claims.trim(period()),
        StatementKind::Retire => claims.retire(),
        StatementKind::SafetyCheck => claims.safety_check(),
        StatementKind::SafetyCheckKeyless => claims.safety_check_keyless(),
        StatementKind::CompleteForget => claims.forget_cycles(),
        StatementKind::CompleteNote => claims.note_cycle(),
        StatementKind::CutoffCheck | StatementKind::CutoffZone | StatementKind::Tripwire => {
            unreachable!("a SELECT changes no row, so it has no claim")
        }
    }
}

/// The claim of a definition.
pub(super) fn of_definition<'a>(names: &'a Names<'_>, scope: &'a Scope, definition: &Definition) -> Meaning<'a> {
    let claims = |id: TableId| Claims { names, spec: names.spec, id, table: names.spec.table(id), scope };
    match (definition.kind, definition.creates) {
        (_, Slot::AllRows(table)) => claims(table).all_rows(),
        (_, Slot::Copies(table)) => claims(table).copies(),
        (_, Slot::Exceptions(id)) => definitions::exceptions(names, id),
        (_, Slot::Erased(id)) => definitions::erased(names, id),
        (_, Slot::Cutoff(table)) => claims(table).cutoff_table(),
        (_, Slot::Cycles(_)) => definitions::cycles(names.spec.dialect),
        (_, Slot::Purged(table)) => claims(table).purged_table(),
        (_, Slot::Stale(table)) => claims(table).stale_table(),
        (_, Slot::Due(table)) => claims(table).due_table(),
        (_, Slot::Mart(table) | Slot::History(table, _) | Slot::Raw(table)) => {
            claims(table).rows_table(matches!(definition.creates, Slot::Mart(_)))
        }
        (_, Slot::Compared(_)) => unreachable!("a plan does not create the external table of a monitor"),
    }
}

/// The claim of an index.
pub(super) fn of_index<'a>(names: &'a Names<'_>, index: &Index) -> Meaning<'a> {
    let id = index.on.table().expect("marts and history tables have an owner");
    Meaning::Index {
        name: index.relation(names.spec).name().folded(names.spec.dialect).into(),
        columns: index.columns.iter().map(|&column| names.column(id, column).into()).collect(),
        unique: index.unique,
    }
}

/// The claim of a grant.
pub(super) fn of_grant<'a>(names: &'a Names<'_>, grant: &Grant) -> Meaning<'a> {
    let dialect = names.spec.dialect;
    let mut readers: Vec<_> = grant.readers.iter().map(|reader| Cow::Owned(reader.folded(dialect))).collect();
    readers.sort();
    Meaning::Grant { readers }
}

/// A table, with the scope of its statements.
struct Claims<'a, 'k> {
    names: &'a Names<'k>,
    spec: &'k Spec,
    id: TableId,
    table: &'k Table,
    scope: &'a Scope,
}

/// The columns of a row, as terms.
type Columns<'r, 'a> = &'r dyn Fn(ColumnId) -> Term<'a>;

impl<'a> Claims<'a, '_> {
    fn mart(&self) -> Slot {
        Slot::Mart(self.id)
    }

    fn name(&self, column: ColumnId) -> Cow<'a, str> {
        self.names.column(self.id, column).into()
    }

    /// A column of a row of this table's mart, history or work tables.
    fn column(&self, row: Row, column: ColumnId) -> Term<'a> {
        Term::Column(row, self.name(column))
    }

    fn time(&self, row: Row) -> Term<'a> {
        self.column(row, self.table.time.column)
    }

    fn all_columns(&self) -> impl Iterator<Item = ColumnId> + use<> {
        (0..self.table.columns.len()).map(ColumnId)
    }

    /// An INSERT of these columns, each with its value.
    fn insert(mut columns: Vec<(Cow<'a, str>, Term<'a>)>, select: Select<'a>) -> Meaning<'a> {
        columns.sort();
        let (columns, outputs) = columns.into_iter().unzip();
        Meaning::Insert { columns, rows: Rows::Select(Select { outputs, ..select }) }
    }
}

/// The row of the first source of the query at a depth.
fn row(depth: usize) -> Row {
    Row::first(Depth(depth))
}

fn from<'a>(slot: Slot, when: Vec<Conjunct<'a>>) -> Select<'a> {
    Select { from: vec![Source::Relation(slot)], when: All::new(when), ..Select::default() }
}

fn exists(select: Select<'_>) -> Conjunct<'_> {
    Condition::Exists(Box::new(select)).into()
}

fn not_exists(select: Select<'_>) -> Conjunct<'_> {
    Condition::NotExists(Box::new(select)).into()
}

fn equal<'a>(a: Term<'a>, b: Term<'a>) -> Conjunct<'a> {
    compare(Comparison::Equal, a, b).into()
}

fn unequal<'a>(a: Term<'a>, b: Term<'a>) -> Conjunct<'a> {
    compare(Comparison::NotEqual, a, b).into()
}

fn less<'a>(a: Term<'a>, b: Term<'a>) -> Conjunct<'a> {
    compare(Comparison::Less, a, b).into()
}

fn at_most<'a>(a: Term<'a>, b: Term<'a>) -> Conjunct<'a> {
    compare(Comparison::LessOrEqual, a, b).into()
}

fn is_null(term: Term<'_>) -> Conjunct<'_> {
    Condition::IsNull(term).into()
}

fn is_not_null(term: Term<'_>) -> Conjunct<'_> {
    Condition::IsNotNull(term).into()
}

fn one_of<'a>(alternatives: impl IntoIterator<Item = Vec<Conjunct<'a>>>) -> Vec<Conjunct<'a>> {
    any(alternatives.into_iter().map(All::new).collect(), 0)
}

fn call<'a>(name: &'static str, args: impl IntoIterator<Item = Term<'a>>) -> Term<'a> {
    Term::Call(name.into(), args.into_iter().collect())
}

fn literal<'a>(text: impl Into<Cow<'a, str>>) -> Term<'a> {
    Term::Literal(text.into())
}

/// A literal with a type. `TYPE 'text'` and `CAST('text' AS TYPE)` mean the same.
fn typed<'a>(text: String) -> Term<'a> {
    let cast = text.strip_prefix("CAST(").and_then(|rest| rest.strip_suffix(')')?.split_once(" AS "));
    literal(cast.map(|(value, ty)| format!("{ty} {value}")).unwrap_or(text))
}

/// Gives conditions a purpose.
fn role<'a>(role: Role, conjuncts: impl IntoIterator<Item = Conjunct<'a>>) -> impl Iterator<Item = Conjunct<'a>> {
    conjuncts.into_iter().map(move |conjunct| Conjunct { role: Some(role), ..conjunct })
}

/// The lowest cutoff in a work table. The table normally has one row. If it has several, the lowest
/// is safe.
fn stored_cutoff<'a>(cutoff: Slot, depth: Depth) -> Term<'a> {
    let column = Term::Column(Row::first(depth), CUTOFF_COLUMN.into());
    Term::Scalar(Box::new(Select { outputs: vec![call("min", [column])], ..from(cutoff, Vec::new()) }))
}

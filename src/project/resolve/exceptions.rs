//! Exceptions tables: which tables share one, and which key column it has.

use crate::diagnostic::{Code, Diagnostic, Sink, quoted};
use crate::dialect::Dialect;
use crate::features::erasure::{self, ErasedKeys};
use crate::project::files::{ExceptionsEntry, TableFile};
use crate::project::naming::{ERASED_AT, EXCEPTION_COLUMNS};
use crate::project::resolve::relations::relation_of;
use crate::project::resolve::table::Draft;
use crate::project::shape::Either;
use crate::project::{Column, ColumnId, Exceptions, ExceptionsId, Filled};
use crate::source::{Span, Spanned};
use crate::sql::{Name, Relation};

#[derive(Default)]
pub(crate) struct Resolved {
    pub(crate) tables: Vec<Exceptions>,
    /// For each table, by position of its file: its exceptions table, and its column for the key.
    pub(crate) of_table: Vec<(ExceptionsId, ColumnId)>,
}

struct Group {
    relation: Relation,
    span: Span,
    key: Option<Spanned<Name>>,
    erased: Option<ErasedKeys>,
    members: Vec<usize>,
}

pub(crate) fn resolve(
    specs: &[&Spanned<TableFile>],
    drafts: &[Draft],
    project: Option<&Spanned<ExceptionsEntry>>,
    schema: &Relation,
    dialect: Dialect,
    sink: &mut Sink,
) -> Option<Resolved> {
    let groups = groups(specs, project, schema, dialect, sink)?;
    let mut tables = Vec::new();
    let mut of_table: Vec<Option<(ExceptionsId, ColumnId)>> = vec![None; drafts.len()];
    for group in &groups {
        let id = ExceptionsId(tables.len());
        let columns = member_columns(group, specs, drafts, dialect, sink)?;
        let (first, first_column) = *columns.first()?;
        let column = drafts[first].columns[first_column.0].clone();
        for &(table, key) in &columns {
            let other = &drafts[table].columns[key.0];
            if other.ty != column.ty {
                let message = format!(
                    "the key of {} has the type {} for {} and {} for {}; one column cannot have both types",
                    group.relation.name.as_str(),
                    column.ty,
                    drafts[first].model.value.as_str(),
                    other.ty,
                    drafts[table].model.value.as_str()
                );
                sink.push(
                    Diagnostic::new(Code::ExceptionKey, message, drafts[table].model.span, "of another type")
                        .help("give both columns the same type, or state `exceptions:` in this table spec"),
                );
                return None;
            }
            of_table[table] = Some((id, key));
        }
        let name = group.key.as_ref().map_or(column.name, |key| key.value.clone());
        if EXCEPTION_COLUMNS.contains(&name.folded(dialect).as_str()) || name.folded(dialect) == ERASED_AT {
            let message = format!(
                "the key of {} is named {}, like another column of this exceptions table",
                group.relation.name.as_str(),
                quoted(name.as_str())
            );
            let at = group.key.as_ref().map_or(group.span, |key| key.span);
            sink.push(
                Diagnostic::new(Code::ExceptionKey, message, at, "name already used")
                    .help("give the key another name: `exceptions: { table, key }`"),
            );
            return None;
        }
        if let Some(erased) = &group.erased {
            erasure::can_be_hashed(erased, column.ty, sink)?;
        }
        tables.push(Exceptions {
            relation: group.relation.clone(),
            erased: group.erased.clone(),
            key: Column { name, ty: column.ty, not_null: false, filled: Filled::ByInsert },
            span: group.span,
        });
    }
    Some(Resolved { tables, of_table: of_table.into_iter().collect::<Option<_>>()? })
}

/// Groups the tables by their exceptions table: the one that the table spec states, or the one of
/// the project.
fn groups(
    specs: &[&Spanned<TableFile>],
    project: Option<&Spanned<ExceptionsEntry>>,
    schema: &Relation,
    dialect: Dialect,
    sink: &mut Sink,
) -> Option<Vec<Group>> {
    let mut groups: Vec<Group> = Vec::new();
    for (position, spec) in specs.iter().enumerate() {
        let stated = spec.value.exceptions.get().or(project)?;
        let (table, key, erased) = match &stated.value {
            Either::Scalar(name) => (Spanned { value: name.clone(), span: stated.span }, None, None),
            Either::List(never) => match *never {},
            Either::Map(long) => (long.table.get()?.clone(), Some(long.key.get()?), long.erased.get()),
        };
        let erased = match erased {
            Some(entry) => Some(erasure::stated(entry, schema, dialect, sink)?),
            None => None,
        };
        let relation = relation_of(&table, "the exceptions table", schema, dialect, sink)?;
        let key = match key {
            None => None,
            Some(text) => match Name::column(&text.value) {
                Ok(value) => Some(Spanned { value, span: text.span }),
                Err(error) => {
                    sink.push(super::relations::bad_name(&text.value, text.span, "the exception key", error));
                    return None;
                }
            },
        };
        let existing = groups.iter_mut().find(|group| group.relation.folded(dialect) == relation.folded(dialect));
        let Some(group) = existing else {
            groups.push(Group { relation, span: stated.span, key, erased, members: vec![position] });
            continue;
        };
        let folded = |erased: &Option<ErasedKeys>| erased.as_ref().map(|one| (one.relation.folded(dialect), one.keys));
        if folded(&group.erased) != folded(&erased) {
            let message = format!(
                "the exceptions table {} is stated with two tables of erased keys, or once without one",
                group.relation.name.as_str()
            );
            sink.push(
                Diagnostic::new(Code::ExceptionKey, message, stated.span, "another `erased` here")
                    .also(group.span, "first stated here")
                    .help("state the same `erased` in both places"),
            );
            return None;
        }
        match (&group.key, key) {
            (Some(one), Some(other)) if one.value.folded(dialect) != other.value.folded(dialect) => {
                let message = format!(
                    "the exceptions table {} is stated with two keys; it has one key column",
                    group.relation.name.as_str()
                );
                sink.push(
                    Diagnostic::new(Code::ExceptionKey, message, other.span, "another key here")
                        .also(one.span, "one key here")
                        .help("state one key, or use two exceptions tables"),
                );
                return None;
            }
            (None, key) => group.key = key,
            _ => {}
        }
        group.members.push(position);
    }
    Some(groups)
}

/// For each member of the group, the column whose values its exceptions record.
fn member_columns(
    group: &Group,
    specs: &[&Spanned<TableFile>],
    drafts: &[Draft],
    dialect: Dialect,
    sink: &mut Sink,
) -> Option<Vec<(usize, ColumnId)>> {
    let common = if group.key.is_none() { Some(common_column(group, drafts, dialect, sink)?) } else { None };
    let mut columns = Vec::with_capacity(group.members.len());
    let mut complete = true;
    for &member in &group.members {
        let draft = &drafts[member];
        let model = draft.model.value.as_str();
        let stated = specs[member].value.exception_key.get();
        let name = match (stated, &group.key, &common) {
            (Some(text), ..) => Name::column(&text.value).ok(),
            (None, Some(key), _) => Some(key.value.clone()),
            (None, None, common) => common.clone(),
        };
        let found = name.as_ref().and_then(|name| draft.find(name, dialect)).filter(|id| draft.unique_key.contains(id));
        match found {
            Some(id) => columns.push((member, id)),
            None => {
                let key =
                    stated.map_or_else(|| name.as_ref().map_or("", |name| name.as_str()), |text| text.value.as_str());
                let message = format!(
                    "exceptions of {model} are recorded by column {}, which is not in its unique key",
                    quoted(key)
                );
                let at = stated.map_or(draft.model.span, |text| text.span);
                sink.push(
                    Diagnostic::new(Code::ExceptionKey, message, at, "not in `unique_key`").help(
                        "state `exception_key:`, a column of the unique key, or `exceptions:` in this table spec",
                    ),
                );
                complete = false;
            }
        }
    }
    complete.then_some(columns)
}

/// The column that all unique keys of the group have, with the same type. There must be exactly
/// one.
fn common_column(group: &Group, drafts: &[Draft], dialect: Dialect, sink: &mut Sink) -> Option<Name> {
    let key_of = |member: usize| drafts[member].unique_key.iter().map(move |id| &drafts[member].columns[id.0]);
    let equal = |a: &Column, b: &Column| a.name.folded(dialect) == b.name.folded(dialect) && a.ty == b.ty;
    let common: Vec<_> = key_of(group.members[0])
        .filter(|column| group.members[1..].iter().all(|&member| key_of(member).any(|other| equal(column, other))))
        .collect();
    match common.as_slice() {
        [column] => Some(column.name.clone()),
        several => {
            let names: Vec<_> = several.iter().map(|column| quoted(column.name.as_str())).collect();
            let what = match names.as_slice() {
                [] => "no column is".to_owned(),
                names => format!("{} are", names.join(" and ")),
            };
            let message = format!(
                "the key of {} is not stated, and {what} common to all unique keys, so the key column is not known",
                group.relation.name.as_str()
            );
            sink.push(
                Diagnostic::new(Code::ExceptionKey, message, group.span, "exactly one common column is needed")
                    .help("state it: `exceptions: { table: ..., key: ... }`"),
            );
            None
        }
    }
}

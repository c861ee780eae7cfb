//! Exceptions tables: which tables share one, and the column under which all of them record.

use crate::diagnostic::{Code, Diagnostic, Sink, quoted};
use crate::dialect::Dialect;
use crate::project::files::{ExceptionsEntry, TableFile};
use crate::project::resolve::relation_of;
use crate::project::resolve::table::Draft;
use crate::project::shape::Either;
use crate::project::{Column, ColumnId, Exceptions, ExceptionsId};
use crate::source::{Span, Spanned};
use crate::sql::{Name, Relation};

/// The columns of an exceptions table beside its key.
pub(crate) const COLUMNS: [&str; 6] =
    ["exception_type", "detected_at", "resolved_at", "notes", "resolved_by", "resolution_notes"];

#[derive(Default)]
pub(crate) struct Resolved {
    pub(crate) tables: Vec<Exceptions>,
    /// By position of the table's file: its exceptions table, and its own column for the key.
    pub(crate) of_table: Vec<(ExceptionsId, ColumnId)>,
}

struct Group {
    relation: Relation,
    span: Span,
    key: Option<Spanned<Name>>,
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
                    "{} records exceptions of {} by a {} and of {} by a {}; one column cannot hold both",
                    group.relation.name.as_str(),
                    drafts[first].model.value.as_str(),
                    column.ty,
                    drafts[table].model.value.as_str(),
                    other.ty
                );
                sink.push(
                    Diagnostic::new(Code::ExceptionKey, message, drafts[table].model.span, "of another type")
                        .help("give this table `exceptions:` of its own, or one type to both columns"),
                );
                return None;
            }
            of_table[table] = Some((id, key));
        }
        let name = group.key.as_ref().map_or(column.name, |key| key.value.clone());
        if COLUMNS.contains(&name.folded(dialect).as_str()) {
            let message = format!(
                "the key of {} is named {}, like one of its own columns",
                group.relation.name.as_str(),
                quoted(name.as_str())
            );
            let at = group.key.as_ref().map_or(group.span, |key| key.span);
            sink.push(
                Diagnostic::new(Code::ExceptionKey, message, at, "taken")
                    .help("give the key another name: `exceptions: { table, key }`"),
            );
            return None;
        }
        tables.push(Exceptions {
            relation: group.relation.clone(),
            key: Column { name, ty: column.ty, not_null: false },
            span: group.span,
        });
    }
    Some(Resolved { tables, of_table: of_table.into_iter().collect::<Option<_>>()? })
}

/// Tables by the exceptions table that they state, or that the project states for all.
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
        let (table, key) = match &stated.value {
            Either::Scalar(name) => (Spanned { value: name.clone(), span: stated.span }, None),
            Either::List(never) => match *never {},
            Either::Map(long) => (long.table.get()?.clone(), Some(long.key.get()?)),
        };
        let relation = relation_of(&table, "the exceptions table", schema, dialect, sink)?;
        let key = match key {
            None => None,
            Some(text) => match Name::column(&text.value) {
                Ok(value) => Some(Spanned { value, span: text.span }),
                Err(error) => {
                    sink.push(super::bad_name(&text.value, text.span, "the exception key", error));
                    return None;
                }
            },
        };
        let known = groups.iter_mut().find(|group| group.relation.folded(dialect) == relation.folded(dialect));
        let Some(group) = known else {
            groups.push(Group { relation, span: stated.span, key, members: vec![position] });
            continue;
        };
        match (&group.key, key) {
            (Some(one), Some(other)) if one.value.folded(dialect) != other.value.folded(dialect) => {
                let message = format!(
                    "{} is stated with two keys; it records what its exceptions are about in one column",
                    group.relation.name.as_str()
                );
                sink.push(
                    Diagnostic::new(Code::ExceptionKey, message, other.span, "another key here")
                        .also(one.span, "one key here")
                        .help("state one key, or two tables"),
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

/// For each member of the group, its own column under which it records.
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
                    "exceptions of {model} are recorded by {}, which is no member of its unique key",
                    quoted(key)
                );
                let at = stated.map_or(draft.model.span, |text| text.span);
                sink.push(Diagnostic::new(Code::ExceptionKey, message, at, "not in `unique_key`").help(
                    "state `exception_key:`, one of the unique key's columns, or `exceptions:` of this table's own",
                ));
                complete = false;
            }
        }
    }
    complete.then_some(columns)
}

/// The one column that is common, with one type, to all unique keys of the group.
fn common_column(group: &Group, drafts: &[Draft], dialect: Dialect, sink: &mut Sink) -> Option<Name> {
    let key_of = |member: usize| drafts[member].unique_key.iter().map(move |id| &drafts[member].columns[id.0]);
    let same = |a: &Column, b: &Column| a.name.folded(dialect) == b.name.folded(dialect) && a.ty == b.ty;
    let common: Vec<_> = key_of(group.members[0])
        .filter(|column| group.members[1..].iter().all(|&member| key_of(member).any(|other| same(column, other))))
        .collect();
    match common.as_slice() {
        [column] => Some(column.name.clone()),
        found => {
            let names: Vec<_> = found.iter().map(|column| quoted(column.name.as_str())).collect();
            let what = match names.as_slice() {
                [] => "no column is".to_owned(),
                names => format!("{} are", names.join(" and ")),
            };
            let message = format!(
                "the key of {} is not stated, and {what} common to all unique keys: what an exception is about would be a guess",
                group.relation.name.as_str()
            );
            sink.push(
                Diagnostic::new(Code::ExceptionKey, message, group.span, "needs exactly one")
                    .help("state it: `exceptions: { table: ..., key: ... }`"),
            );
            None
        }
    }
}

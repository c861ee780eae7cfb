//! The statements that give existing tables the columns of the new version. A cycle and `ddl/`
//! never change a table that exists.

use std::collections::BTreeMap;

use minijinja::{Value, context};
use serde::Serialize;

use crate::cycle::plan::{Slot, lists_due, lists_stale};
use crate::cycle::render::context::{column, declared, of_type, place};
use crate::cycle::render::{Owner, Renderer};
use crate::dialect::ViewColumns;
use crate::features::erasure::KeyForm;
use crate::project::{Column, ColumnId, Exceptions, ExceptionsId, Spec, Table, TableId};
use crate::sql::SqlType;

const CHANGE_TYPE: &str = "runbooks/sql/change_type.sql.j2";

/// A statement to run by hand before the next cycle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Alteration {
    /// The relation that it changes.
    pub relation: String,
    /// The statement.
    pub sql: String,
    /// Whether it drops the relation, which is a view.
    pub drops: bool,
    /// Statements that rename a column, for DROP COLUMN if the table gets a column of the same type:
    /// it may be the new name. They take the place of ADD COLUMN and DROP COLUMN.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub renames: Vec<String>,
}

/// For each table whose columns change: the view is dropped if the engine cannot replace it, then
/// the tables are altered. A column that was removed leaves the mart. It stays in history, with its
/// values, and accepts NULL there.
pub(super) fn of(old: &Spec, new: &Spec) -> Vec<Alteration> {
    let mut all = Vec::new();
    // Another engine spells every type in another way.
    if old.dialect != new.dialect {
        return all;
    }
    let mut renderer = Renderer::new(new, BTreeMap::new());
    for (id, table) in new.tables() {
        let model = table.model.value.as_str();
        let Some(was) = old.tables.iter().find(|was| was.model.value.as_str() == model) else { continue };
        let mut alter = |on: Slot, template: &str, own: Value| {
            let context = context! { table => place(on), ..own };
            // A built-in template always renders.
            if let Ok(named) = renderer.query(Owner::Operation, template, &context) {
                let drops = on.is_view();
                let relation = on.relation(new).sql(new.dialect);
                all.push(Alteration { relation, sql: named.sql, drops, renames: Vec::new() });
            }
        };
        let has_view = !was.is_purged() && !table.is_purged();
        if has_view && must_drop_view((old, was), (new, table)) {
            for view in Slot::views(new, id) {
                alter(view, "runbooks/sql/drop_view.sql.j2", context! { view => place(view) });
            }
        }
        for number in (0..table.columns.len()).map(ColumnId) {
            let found = table.column(number);
            let before = was.columns.iter().find(|was| was.name.as_str() == found.name.as_str());
            let (template, on) = match before {
                None => ("runbooks/sql/add_column.sql.j2", with_rows(old, new, id)),
                Some(before) if is_changed((old, before), (new, found)) => {
                    let zone = zone_change(before.ty, found.ty);
                    for (slot, column) in having(old, new, id, number) {
                        alter(slot, CHANGE_TYPE, context! { column => column, zone => zone });
                    }
                    continue;
                }
                // A row with NULL could not be written.
                Some(before) if before.not_null && !found.not_null && new.dialect.rules().can_drop_not_null() => {
                    ("runbooks/sql/drop_not_null.sql.j2", with_rows(old, new, id))
                }
                Some(_) => continue,
            };
            for slot in on {
                let filled = if matches!(slot, Slot::Mart(_)) { found.filled.word() } else { "" };
                alter(slot, template, context! { column => column(new, table, number), filled => filled });
            }
        }
        let is_removed = |was: &&Column| table.columns.iter().all(|now| now.name.as_str() != was.name.as_str());
        for removed in was.columns.iter().filter(is_removed) {
            let column = declared(old, removed);
            for slot in with_rows(old, new, id) {
                let template = match slot {
                    Slot::Mart(_) => "runbooks/sql/drop_column.sql.j2",
                    _ if removed.not_null && new.dialect.rules().can_drop_not_null() => {
                        "runbooks/sql/drop_not_null.sql.j2"
                    }
                    _ => continue,
                };
                alter(slot, template, context! { column => column.clone() });
            }
        }
        let mart = Slot::Mart(id).relation(new).sql(new.dialect);
        let drops = all.iter_mut().filter(|one| one.relation == mart && one.sql.contains(" DROP COLUMN "));
        for (drop, removed) in drops.zip(was.columns.iter().filter(is_removed)) {
            drop.renames = renames((old, was, removed), (new, id), &mut renderer);
        }
    }
    all.extend(keys_of_exceptions(old, new, &mut renderer));
    all
}

/// The statements that rename a removed column in the mart and in its history tables, if the table
/// gets one new column of its type.
fn renames(
    (old, was, removed): (&Spec, &Table, &Column),
    (new, id): (&Spec, TableId),
    renderer: &mut Renderer<'_>,
) -> Vec<String> {
    let is_new = |now: &&Column| was.columns.iter().all(|was| was.name.as_str() != now.name.as_str());
    let is_like = |now: &&Column| now.filled == removed.filled && !is_changed((old, removed), (new, now));
    let mut likely = new.table(id).columns.iter().filter(is_new).filter(is_like);
    let (Some(renamed), None) = (likely.next(), likely.next()) else { return Vec::new() };
    let statements = with_rows(old, new, id).into_iter().filter_map(|slot| {
        let context =
            context! { table => place(slot), column => declared(old, removed), renamed => declared(new, renamed) };
        renderer.query(Owner::Operation, "runbooks/sql/rename_column.sql.j2", &context).ok()
    });
    statements.map(|named| named.sql).collect()
}

/// The exceptions tables, and the lists of erased keys, have the type of their key.
fn keys_of_exceptions(old: &Spec, new: &Spec, renderer: &mut Renderer<'_>) -> Vec<Alteration> {
    let mut all = Vec::new();
    for (number, now) in new.exceptions.iter().enumerate() {
        let is_same = |was: &&Exceptions| was.relation.sql(old.dialect) == now.relation.sql(new.dialect);
        let Some(was) = old.exceptions.iter().find(is_same) else { continue };
        if !is_changed((old, &was.key), (new, &now.key)) {
            continue;
        }
        let id = ExceptionsId(number);
        // The hash of a key does not have the type of the key.
        let is_plain = |list: &Exceptions| list.erased.as_ref().is_some_and(|erased| erased.keys == KeyForm::Plain);
        let erased = (is_plain(now) && is_plain(was)).then_some(Slot::Erased(id));
        for slot in std::iter::once(Slot::Exceptions(id)).chain(erased) {
            let context = context! { table => place(slot), column => declared(new, &now.key), zone => zone_change(was.key.ty, now.key.ty) };
            if let Ok(named) = renderer.query(Owner::Operation, CHANGE_TYPE, &context) {
                all.push(Alteration {
                    relation: slot.relation(new).sql(new.dialect),
                    sql: named.sql,
                    drops: false,
                    renames: Vec::new(),
                });
            }
        }
    }
    all
}

/// Whether a change of type adds a time zone, or takes it away.
fn zone_change(was: SqlType, now: SqlType) -> &'static str {
    match (was == SqlType::Timestamptz, now == SqlType::Timestamptz) {
        (false, true) => "gained",
        (true, false) => "lost",
        _ => "",
    }
}

fn is_changed((old, was): (&Spec, &Column), (new, now): (&Spec, &Column)) -> bool {
    was.ty.sql(old.dialect) != now.ty.sql(new.dialect)
}

/// Whether CREATE OR REPLACE VIEW would fail.
pub(super) fn must_drop_view((old, was): (&Spec, &Table), (new, now): (&Spec, &Table)) -> bool {
    let is_same =
        |(was, now): (&Column, &Column)| was.name.as_str() == now.name.as_str() && !is_changed((old, was), (new, now));
    let begins_alike = was.columns.len() <= now.columns.len() && was.columns.iter().zip(&now.columns).all(is_same);
    match new.dialect.rules().view_columns() {
        ViewColumns::Any => false,
        ViewColumns::Appended => !begins_alike,
        ViewColumns::Same => !begins_alike || was.columns.len() != now.columns.len(),
    }
}

/// The tables with whole rows that exist before the change: the mart and its history tables.
fn with_rows(old: &Spec, new: &Spec, id: TableId) -> Vec<Slot> {
    let before = old.listed_for(new.table(id).model.value.as_str());
    let is_old = |name: &str| before.iter().any(|period| period.name == name);
    let is_whole = !new.table(id).has_periods();
    let periods = new.periods_of(id).filter(|&period| is_whole || is_old(&new.period(period).name));
    std::iter::once(Slot::Mart(id)).chain(periods.map(|period| Slot::History(id, period))).collect()
}

/// Every existing table of a model that has a column, with the column as it is there.
fn having(old: &Spec, new: &Spec, id: TableId, number: ColumnId) -> Vec<(Slot, Value)> {
    let table = new.table(id);
    let own = |slot| (slot, column(new, table, number));
    let mut all: Vec<_> = with_rows(old, new, id).into_iter().map(own).collect();
    if table.proof().contains(&number) {
        all.extend(lists_stale(table).then_some(Slot::Stale(id)).map(own));
        all.extend(lists_due(table).then_some(Slot::Due(id)).map(own));
    }
    if table.time.column == number {
        let times = |slot, name| (slot, of_type(name, table.column(number).ty));
        all.push(times(Slot::Cutoff(id), "cutoff"));
        if table.is_purged() {
            all.extend(["oldest_time", "newest_time"].map(|name| times(Slot::Purged(id), name)));
        }
    }
    all
}

//! A copy that skips rows which its table refuses, although the rows are deleted.

use sqlparser::ast::{Delete, Expr, GroupByExpr, Join, JoinOperator, SetExpr, Statement, TableFactor};

use crate::diagnostic::Code;
use crate::lint::action::{Action, Copy, OnConflict};
use crate::lint::facts::{
    Lookup, aged_by, any, compared, conjuncts, function_name, lookup, named_query, select_of, tables,
};
use crate::lint::jinja::RUN_DATE;
use crate::lint::read::{Read, is_of_rows};
use crate::lint::rules::Finding;
use crate::lint::rules::positional_insert::output_into;
use crate::lint::rules::proof::{Trim, deletes, is_proven, looked_up_by, lookups};
use crate::lint::table::Table;
use crate::lint::unit::Unit;

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    let trims = deletes(unit);
    for read in &unit.statements {
        let (copy, from) = match read.action() {
            // A log of what was deleted, which is no archive.
            Action::Move { copy, .. } if !copy.into.is_named_as_archive() && !is_of_rows(&copy) => continue,
            Action::Move { deletes: (_, table), copy }
                if copy.on_conflict == OnConflict::Skips
                    || ((leaves_some(&copy) || filters_before(&read.tree, &copy)) && !is_split(&read.tree)) =>
            {
                (copy, table)
            }
            Action::Copy(copy) if copy.on_conflict == OnConflict::Skips => {
                let is_lossy = |(_, trim, delete, table): &&Trim<'_>| {
                    !is_proven(trim, delete, table)
                        || leaves_newer(trim, delete, &copy)
                        || lists_newer(unit, trim, delete, &copy)
                };
                let trimmed = trims.iter().filter(|(.., table)| copy.copies(table)).find(is_lossy);
                let Some((.., table)) = trimmed else { continue };
                (copy, table.clone())
            }
            _ => continue,
        };
        found.push(lost(read, &copy, &from));
    }
}

fn lost(read: &Read, copy: &Copy<'_>, from: &Table) -> Finding {
    let text = ["on conflict", "ignore"].into_iter().find(|text| read.sql.text.to_lowercase().contains(text));
    Finding {
        code: Code::LossyMove,
        line: read.line_of(text.unwrap_or("insert")),
        message: format!("a row of `{from}` that the INSERT into `{}` leaves out is deleted without a copy", copy.into),
        label: "skips rows",
        help: "delete only what is inserted: let the INSERT fail, and put its conditions into the DELETE".to_owned(),
    }
}

/// A DELETE whose rows wait in a temporary table, from which an INSERT does not take all of them.
pub(super) fn left_in_a_temporary_table(unit: &Unit, found: &mut Vec<Finding>) {
    for (at, read) in unit.statements.iter().enumerate() {
        let (delete, from, kept) = match read.action() {
            Action::Move { deletes: (delete, from), copy } => (delete, from, Some(copy.into)),
            Action::Delete(delete, from) => {
                let output = output_into(read).map(|output| Table::named(&output.into.split('.').collect::<Vec<_>>()));
                (delete, from, output)
            }
            _ => continue,
        };
        let Some(kept) = kept.filter(|kept| unit.is_passing(kept)) else { continue };
        let reads = |read: &&Read| match read.action() {
            Action::Copy(copy) => copy.sources().iter().any(|source| source.is(&kept)),
            _ => false,
        };
        let mut takers = unit.statements[at + 1..].iter().filter(reads);
        // Several INSERTs may share the rows.
        let (Some(taker), None) = (takers.next(), takers.next()) else { continue };
        let Action::Copy(copy) = taker.action() else { continue };
        let aged = aged_by(delete.selection.iter().flat_map(conjuncts));
        // A row is left out because the archive has that very row: the guard compares its time too.
        let is_known = |condition: &Expr| {
            lookup(condition).is_some_and(|found| {
                let has = compared(&found);
                found.negated && found.tables().iter().any(|table| table.is(&copy.into)) && aged.is_subset(&has)
            })
        };
        let conditions = copy.conditions();
        let leaves_some = leaves_some(&copy) && (conditions.is_empty() || !conditions.into_iter().all(is_known));
        if copy.on_conflict == OnConflict::Skips || leaves_some {
            found.push(lost(taker, &copy, &from));
        }
    }
}

/// Whether a DELETE accepts any version of a row as its copy: by its name, the column by which old
/// rows are chosen changes with each version, and the proof does not compare it.
fn leaves_newer(trim: &Read, delete: &Delete, copy: &Copy<'_>) -> bool {
    let aged = aged_by(delete.selection.iter().flat_map(conjuncts));
    let mut proofs = lookups(trim, delete)
        .filter(|found| !found.negated && found.tables().iter().any(|table| table.is(&copy.into)))
        .peekable();
    let has = |found: Lookup<'_>| compared(&found);
    proofs.peek().is_some() && proofs.map(has).all(|has| aged.iter().any(|name| changes(name) && !has.contains(name)))
}

/// Whether a column changes with each version of a row, by its name.
fn changes(name: &str) -> bool {
    ["updat", "modif", "chang", "valid_from"].iter().any(|part| name.contains(part))
}

/// Whether a DELETE takes the keys of a list that the unit fills by a time that changes with each
/// version of a row. The archive may have an older version of a listed row, so the copy skips it.
fn lists_newer(unit: &Unit, trim: &Read, delete: &Delete, copy: &Copy<'_>) -> bool {
    let lists = looked_up_by(trim, delete);
    let fills_by_change = |list: &Table| {
        unit.filled().filter(|(_, into)| into.is(list)).any(|(read, _)| match read.action() {
            Action::Copy(fill) => aged_by(fill.conditions()).iter().any(|name| changes(name)),
            _ => false,
        })
    };
    !lists.iter().any(|list| list.is(&copy.into) || list.is_named_as_archive()) && lists.iter().any(fills_by_change)
}

/// An archive that each run replaces, although its rows are deleted from their table: the rows that
/// an earlier run moved are lost.
pub(super) fn replaced_archive(unit: &Unit, found: &mut Vec<Finding>) {
    for (_, trim, delete, table) in deletes(unit) {
        let archives: Vec<_> = looked_up_by(trim, delete);
        let replaces = |read: &Read, copy: &Copy<'_>| {
            let is_new = match &read.tree {
                Statement::CreateTable(create) => create.or_replace,
                Statement::Insert(insert) => insert.overwrite && insert.partitioned.is_none(),
                _ => false,
            };
            let is_of_run = copy.into.period().is_some() || copy.into.name().contains(RUN_DATE);
            (is_new || unit.empties(&copy.into)) && copy.into.is_named_as_archive() && !is_of_run
        };
        let proves = |copy: &Copy<'_>| archives.iter().any(|one| one.is(&copy.into));
        // Without a proof, a copy of all rows is a backup beside a purge.
        let is_of_trim = |read: &Read, copy: &Copy<'_>| {
            let is_replaced = matches!(&read.tree, Statement::CreateTable(create) if create.or_replace);
            proves(copy) || !copy.conditions().is_empty() && (!copy.creates || read.is_model || is_replaced)
        };
        let replaced = unit.copies_of(&table).find_map(|(_, read)| match read.action() {
            Action::Copy(copy) if is_of_trim(read, &copy) && copy.copies(&table) && replaces(read, &copy) => {
                Some((read, copy.into))
            }
            _ => None,
        });
        let Some((read, archive)) = replaced else { continue };
        found.push(Finding {
            code: Code::LossyMove,
            line: read.line(),
            message: format!(
                "each run replaces `{archive}`: the rows of `{table}` that an earlier run moved there are lost"
            ),
            label: "keeps only the rows of this run",
            help: "create the archive once, and insert rows that it does not have".to_owned(),
        });
    }
}

/// Whether a query of WITH between the DELETE and the INSERT leaves rows out.
fn filters_before(statement: &Statement, copy: &Copy<'_>) -> bool {
    let outer = match statement {
        Statement::Query(query) => query,
        _ => return false,
    };
    copy.from().iter().filter_map(|from| named_query(outer, from)).filter_map(select_of).any(|select| {
        let reads_delete = select
            .from
            .iter()
            .flat_map(tables)
            .any(|table| named_query(outer, &table).is_some_and(|query| matches!(*query.body, SetExpr::Delete(_))));
        reads_delete && (select.selection.is_some() || select.distinct.is_some() || select.qualify.is_some())
    })
}

/// Whether another INSERT of the statement takes rows of the same DELETE.
fn is_split(statement: &Statement) -> bool {
    let Statement::Query(query) = statement else { return false };
    let ctes = query.with.iter().flat_map(|with| &with.cte_tables).map(|cte| &cte.query.body);
    ctes.chain([&query.body]).filter(|body| matches!(***body, SetExpr::Insert(_))).count() > 1
}

/// Whether the INSERT of a move does not take every row that its DELETE gives.
fn leaves_some(copy: &Copy<'_>) -> bool {
    let Some(select) = copy.select() else { return false };
    let joins = select.from.iter().flat_map(|item| &item.joins);
    // `CROSS JOIN (SELECT now() AS run_at)` has one row.
    let is_one_row = |relation: &TableFactor| match relation {
        TableFactor::Derived { subquery, .. } => select_of(subquery).is_some_and(|select| select.from.is_empty()),
        _ => false,
    };
    let may_drop = |join: &Join| {
        !matches!(join.join_operator, JoinOperator::Left(_) | JoinOperator::LeftOuter(_)) && !is_one_row(&join.relation)
    };
    // A total of the rows is no copy of them.
    let is_total = |expr: &Expr| matches!(expr, Expr::Function(function) if matches!(function_name(function).as_str(), "count" | "sum" | "avg"));
    let is_grouped = !matches!(&select.group_by, GroupByExpr::Expressions(by, _) if by.is_empty());
    select.selection.is_some()
        || is_grouped && !any(&select.projection, is_total)
        || select.distinct.is_some()
        || select.qualify.is_some()
        || copy.query.limit_clause.is_some()
        || copy.query.fetch.is_some()
        || joins.into_iter().any(may_drop)
}

//! A DELETE of rows that another statement copies, without a look at the copy.

use std::collections::BTreeSet;

use sqlparser::ast::{BinaryOperator, Delete, Distinct, Expr, JoinOperator, Statement, TableFactor};

use crate::diagnostic::Code;
use crate::lint::action::{Action, Copy, OnConflict};
use crate::lint::facts::{
    aged_by, arms, clock, column, columns_in, conjuncts, is_equality, lookup, named_query, tables, tables_in,
    takes_any_rows, words_of,
};
use crate::lint::read::{Read, Runs};
use crate::lint::rewrite::{Rewrite, rewrites};
use crate::lint::rules::Finding;
use crate::lint::rules::cutoff_evaluated_twice::stands_still;
use crate::lint::rules::or_widens_delete;
use crate::lint::rules::proof::{Trim, deletes, is_loaded_again, is_proven, is_unloaded, looked_up_by, lookups};
use crate::lint::script::words;
use crate::lint::table::{Table, says_archive};
use crate::lint::unit::Unit;

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    for (at, read, delete, table) in deletes(unit) {
        let archives = unit.archives_of(read, delete, &table);
        let Some((_, archive)) = archives.first() else {
            let condition = delete.selection.as_ref().filter(|condition| !names_keys(condition));
            if is_unloaded(unit, &table, at) && !is_proven(read, delete, &table) && condition.is_some() {
                found.push(after_unload(read, &table));
            }
            continue;
        };
        let Action::Copy(copy) = archive.action() else { continue };
        // An archive that each run builds anew has its own finding.
        if archive.is_model && copy.creates && copy.into.is_named_as_archive() {
            continue;
        }
        // A copy that skips rows, and a proof that OR goes around, have their own findings.
        let only_filters = filters(unit, read, (delete, &table), &archives);
        let has_more = lists_more(unit, (at, read, delete, &table), &archives);
        if let Some(other) = other_archive(unit, read, (delete, &table), &archives) {
            found.push(Finding {
                code: Code::TrimWithoutProof,
                line: read.line_of(other.name()),
                message: format!(
                    "rows of `{table}` are copied to `{}`, and the DELETE looks for them in `{other}`",
                    copy.into
                ),
                label: "another archive",
                help: format!("look into `{}`", copy.into),
            });
            continue;
        }
        if reversed(read, delete, &copy.into) {
            found.push(Finding {
                code: Code::TrimWithoutProof,
                line: read.line_of("delete"),
                message: format!("the DELETE takes exactly the rows of `{table}` that `{}` does not have", copy.into),
                label: "rows without a copy",
                help: "write EXISTS in place of NOT EXISTS, and IS NOT NULL in place of IS NULL after an outer join"
                    .to_owned(),
            });
            continue;
        }
        if (is_proven(read, delete, &table) && !only_filters && !has_more)
            || is_loaded_again(unit, at, delete, &table)
            || is_built_again(unit, read, delete, &table)
            || takes_older_versions(read, delete)
            || is_beside_a_trim(unit, at, read, (delete, &table))
            || or_widens_delete::widens(unit, delete)
            || copy.on_conflict == OnConflict::Skips
        {
            continue;
        }
        if reads_one_list(read, archive, &copy) {
            continue;
        }
        let Some(condition) = &delete.selection else { continue };
        if is_backup(&copy) && names_keys(condition) {
            continue;
        }
        let mut worse = Vec::new();
        let of_copy: Vec<_> = copy.conditions().into_iter().map(words_of).collect();
        let of_delete: Vec<_> = conjuncts(condition).into_iter().map(words_of).collect();
        let has_more_filters =
            || copy.conditions().into_iter().any(|one| is_filter(one) && !of_delete.contains(&words_of(one)));
        let read_by_copy = tables_in(copy.query);
        let joins_another = || {
            let joined = read.joins.iter().flat_map(|join| tables_in(&join.query));
            joined.into_iter().any(|other| !other.is(&table) && !read_by_copy.iter().any(|one| one.is(&other)))
        };
        let differs = !of_delete.iter().all(|one| of_copy.contains(one))
            || archives.len() == 1 && has_more_filters()
            || only_filters && joins_another();
        if has_more {
            worse.push("the list has rows that the copy leaves out");
        } else if differs {
            worse.push("its condition differs from that of the copy");
        } else if only_filters && !looks_for_age(read, delete) {
            // A list of keys that both read.
            continue;
        } else if only_filters {
            worse.push("the two find old rows at different times");
        }
        if !differs && read.in_transaction && (is_locked(unit, &table) || of_stored_keys(condition)) {
            continue;
        }
        let copy_reads_clock = copy.conditions().into_iter().any(|one| clock(one).is_some());
        if copy_reads_clock && clock(condition).is_some_and(|clock| !stands_still(unit, read, &clock)) {
            worse.push("both read the clock");
        }
        if delete.limit.is_some() || takes_any_rows(copy.query) {
            worse.push("a limit chooses any rows");
        }
        if unit.runs == Runs::Script && !read.in_transaction {
            worse.push("no transaction contains both");
        }
        let worse = in_brackets(&worse);
        found.push(Finding {
            code: Code::TrimWithoutProof,
            line: read.line_of("delete"),
            message: format!("rows of `{table}` are deleted whether or not `{}` has them{worse}", copy.into),
            label: "does not look at the copy",
            help: proof_in(&archives),
        });
    }
}

/// `WITH due AS (SELECT ... LIMIT 100 FOR UPDATE), copied AS (INSERT ... FROM t JOIN due) DELETE FROM t
/// USING due`: in one statement, both take the rows of one list, which is read once.
fn reads_one_list(read: &Read, archive: &Read, copy: &Copy<'_>) -> bool {
    let Statement::Query(query) = &read.tree else { return false };
    let is_list = |table: &Table| named_query(query, table).is_some();
    let of_copy = tables_in(copy.query);
    let of_delete = read.joins.iter().flat_map(|join| tables_in(&join.query));
    let is_same = archive.sql.text == read.sql.text && !copy.conditions().into_iter().any(is_filter);
    is_same && of_delete.into_iter().any(|table| is_list(&table) && of_copy.iter().any(|one| one.is(&table)))
}

/// Whether a statement of the unit locks the table against writers. In one transaction, the same
/// condition then takes the same rows twice.
fn is_locked(unit: &Unit, table: &Table) -> bool {
    unit.texts.iter().any(|text| {
        let words = words(&text.sql.text, 24);
        let has = |word: &str| words.iter().any(|one| one == word);
        // The weak modes: ACCESS SHARE, ROW SHARE and ROW EXCLUSIVE.
        let is_weak = has("access") && has("share") || has("row") && !(has("share") && has("exclusive"));
        let keeps_writers_out = ["exclusive", "share", "write"].into_iter().any(has) && !is_weak;
        words.first().is_some_and(|word| word == "lock") && has(table.name()) && keeps_writers_out
    })
}

/// `id = ANY (ids)`: a list of keys that a variable holds.
fn of_stored_keys(condition: &Expr) -> bool {
    let conditions = conjuncts(condition);
    let is_list = |one: &&Expr| match one {
        Expr::AnyOp { left, compare_op: BinaryOperator::Eq, right, .. } => {
            column(left).is_some() && matches!(&**right, Expr::Identifier(_) | Expr::Nested(_))
        }
        _ => false,
    };
    !conditions.is_empty() && conditions.iter().all(is_list)
}

/// Whether the model of the hooks loads the deleted rows again: a hook before it deletes a slice, or
/// the keys of a batch, and not old rows.
fn is_built_again(unit: &Unit, read: &Read, delete: &Delete, table: &Table) -> bool {
    let is_model = unit.model.as_ref().is_some_and(|(model, _)| model.is(table));
    let conditions: Vec<_> = delete.selection.iter().flat_map(conjuncts).collect();
    let is_of_age = !conditions.is_empty() && conditions.iter().all(|one| !aged_by([*one]).is_empty());
    is_model && read.is_before_model && !is_of_age
}

/// Whether a DELETE has nothing to do with the copy, beside another DELETE of the table that is
/// proven: it takes the rows of a person, or of a test.
fn is_beside_a_trim(unit: &Unit, at: usize, read: &Read, (delete, table): (&Delete, &Table)) -> bool {
    let is_trim = |(other, trim, found, of): &Trim<'_>| {
        let archives = unit.archives_of(trim, found, of);
        let has_archive = archives.iter().any(|(_, copy)| {
            copy.copied.as_ref().is_some_and(|copied| looked_up_by(trim, found).iter().any(|one| one.is(&copied.into)))
        });
        *other != at && of.is(table) && has_archive
    };
    let own: BTreeSet<String> = delete.selection.iter().flat_map(conjuncts).flat_map(columns_of).collect();
    let copied: BTreeSet<String> = unit
        .archives_of(read, delete, table)
        .into_iter()
        .filter_map(|(_, read)| read.copied.as_ref())
        .flat_map(|copied| copied.columns.iter().cloned())
        .collect();
    own.is_disjoint(&copied) && deletes(unit).iter().any(is_trim)
}

/// The columns of the table itself in a condition.
fn columns_of(condition: &Expr) -> Vec<String> {
    match lookup(condition) {
        Some(found) => found.value.map(columns_in).unwrap_or_default(),
        None => columns_in(condition),
    }
}

/// Whether a DELETE only takes rows of which a joined table has another version, or a duplicate: it
/// compares columns with each other, and nothing with a constant.
fn takes_older_versions(read: &Read, delete: &Delete) -> bool {
    let mut is_ordered = false;
    let mut compares = |one: &Expr| match one {
        Expr::BinaryOp { left, op, right } => {
            is_ordered |= *op != BinaryOperator::Eq;
            column(left).is_some() && column(right).is_some()
        }
        _ => false,
    };
    let compares_all = delete.selection.iter().flat_map(conjuncts).all(&mut compares);
    !read.joins.is_empty() && delete.selection.is_some() && compares_all && is_ordered
}

/// Whether a DELETE takes the rows that the archive does not have.
fn reversed(read: &Read, delete: &Delete, archive: &Table) -> bool {
    lookups(read, delete).any(|found| found.negated && found.tables().iter().any(|table| table.is(archive)))
}

/// The archive in which a DELETE looks for its rows, if it is that of another table: its name has
/// neither the name of the table nor that of its archives.
fn other_archive(
    unit: &Unit,
    read: &Read,
    (delete, table): (&Delete, &Table),
    archives: &[(usize, &Read)],
) -> Option<Table> {
    let looked_up: Vec<_> = looked_up_by(read, delete).into_iter().filter(|found| !found.is(table)).collect();
    let base = |table: &Table| table.period().map_or(table.name(), |(base, _)| base).trim_end_matches('_').to_owned();
    let copied: Vec<_> = archives
        .iter()
        .filter_map(|(_, read)| match read.action() {
            Action::Copy(copy) => Some(base(&copy.into)),
            _ => None,
        })
        .collect();
    // A view over archives has any name.
    let is_view = |name: &str| {
        let is_general = |word: &str| ["all", "union", "view", "v", "full", "every"].contains(&word);
        let creates = |text: &str| {
            let words = words(text, 6);
            words.iter().any(|word| word == "view") && words.iter().any(|word| word == name)
        };
        let rest = name.split('_').filter(|word| !says_archive(word));
        rest.clone().count() == 0
            || rest.clone().any(is_general)
            || unit.texts.iter().any(|text| creates(&text.sql.text))
    };
    let is_other = |found: &Table| {
        let name = found.name();
        let is_of_table = name.contains(table.name()) || copied.iter().any(|base| name.contains(base.as_str()));
        found.is_named_as_archive()
            && !is_of_table
            && !is_view(name)
            && unit.fills(found).next().is_none()
            && !unit.creates(found)
    };
    let is_all = !looked_up.is_empty() && looked_up.iter().all(is_other);
    looked_up.into_iter().next().filter(|_| is_all)
}

/// Whether a copy creates a table with every row of another.
fn is_backup(copy: &Copy<'_>) -> bool {
    copy.creates && copy.conditions().is_empty() && copy.from().len() == 1 && copy.query.limit_clause.is_none()
}

/// Whether a condition lists the rows by constants, and not by their age.
fn names_keys(condition: &Expr) -> bool {
    let is_constant = |expr: &Expr| matches!(expr, Expr::Value(_));
    conjuncts(condition).into_iter().all(|one| match one {
        Expr::InList { list, negated: false, .. } => list.iter().all(is_constant),
        Expr::BinaryOp { op: BinaryOperator::Eq, right, .. } => is_constant(right),
        _ => false,
    })
}

/// Whether a DELETE finds its rows by the age of rows of another table, such as their parents. A
/// row that is written between the copy and the DELETE has an old parent too.
fn looks_for_age(read: &Read, delete: &Delete) -> bool {
    let conditions = |query| arms(query).into_iter().filter_map(|select| select.selection.as_ref()).flat_map(conjuncts);
    let found = lookups(read, delete).filter(|found| !found.negated).flat_map(|found| conditions(found.query));
    let aged = aged_by(found.chain(delete.selection.iter().flat_map(conjuncts)));
    !aged.is_empty()
}

/// The proof that a DELETE lacks: it may be in any of the tables that get the rows.
fn proof_in(archives: &[(usize, &Read)]) -> String {
    let into = archives.iter().filter_map(|(_, read)| match read.action() {
        Action::Copy(copy) => Some(copy.into),
        _ => None,
    });
    let mut all: Vec<Table> = Vec::new();
    for table in into {
        if !all.contains(&table) {
            all.push(table);
        }
    }
    let exists = |table: &Table| format!("EXISTS (SELECT 1 FROM {table} AS a WHERE ...)");
    let proof = match all.as_slice() {
        [one] => exists(one),
        [one, other] => format!("({} OR {})", exists(one), exists(other)),
        [one, other, ..] => format!("({} OR {} OR ...)", exists(one), exists(other)),
        [] => String::new(),
    };
    let each = if all.len() > 2 { format!(", for each of the {} tables", all.len()) } else { String::new() };
    format!("add `AND {proof}` with the whole key and the time{each}")
}

/// What makes a finding worse, for the end of its message.
fn in_brackets(worse: &[&str]) -> String {
    if worse.is_empty() { String::new() } else { format!(" ({})", worse.join("; ")) }
}

/// A table that is replaced by its newer rows, although another statement copies the older ones.
pub(super) fn rewritten(unit: &Unit, found: &mut Vec<Finding>) {
    for rewrite in rewrites(unit).iter().filter(|rewrite| !rewrite.looks_elsewhere()) {
        let archives = unit.archives(&rewrite.table);
        let mut archives = archives.into_iter().filter_map(|(_, read)| match read.action() {
            Action::Copy(copy) if !copy.into.is(&rewrite.kept.into) && is_of_the_rest(&copy, rewrite) => Some(copy),
            _ => None,
        });
        let Some(copy) = archives.next() else { continue };
        let mut worse = Vec::new();
        if rewrite.kept.conditions().into_iter().any(|condition| clock(condition).is_some()) {
            worse.push("both read the clock");
        }
        if unit.runs == Runs::Script && !rewrite.read.in_transaction {
            worse.push("no transaction contains both");
        }
        let worse = in_brackets(&worse);
        found.push(Finding {
            code: Code::TrimWithoutProof,
            line: rewrite.read.line_of("select"),
            message: format!(
                "`{}` is replaced by a part of its rows, whether or not `{}` has the others{worse}",
                rewrite.table, copy.into
            ),
            label: "does not look at the copy",
            help: format!(
                "keep also each row without a copy: `OR NOT EXISTS (SELECT 1 FROM {} AS a WHERE ...)` with the whole key and the time",
                copy.into
            ),
        });
    }
}

/// Whether a copy chooses rows by a column by which the kept rows are chosen. A copy of all rows
/// before duplicates leave is a backup.
fn is_of_the_rest(copy: &Copy<'_>, rewrite: &Rewrite<'_>) -> bool {
    let columns = |conditions: Vec<&Expr>| conditions.into_iter().flat_map(columns_in).collect::<Vec<_>>();
    let kept_by = columns(rewrite.kept.conditions());
    columns(copy.conditions()).iter().any(|column| kept_by.contains(column))
}

fn after_unload(read: &Read, table: &Table) -> Finding {
    Finding {
        code: Code::TrimWithoutProof,
        line: read.line_of("delete"),
        message: format!("rows of `{table}` are deleted whether or not its files or its clone have them"),
        label: "does not look at the copy",
        help: "list the keys first: unload by the list, compare the number of rows, and delete by the list".to_owned(),
    }
}

/// Whether a condition of a copy leaves rows out. An outer join with IS NULL is a guard, and two
/// equal columns join.
fn is_filter(condition: &Expr) -> bool {
    lookup(condition).is_none() && !is_equality(condition) && !matches!(condition, Expr::IsNull(_))
}

/// Whether a DELETE takes the rows of a list that has more of them than the copy: the copy has a
/// condition, or a join, that neither the list nor the DELETE has; or it takes some rows of the list;
/// or the list gets rows after the copy.
fn lists_more(
    unit: &Unit,
    (at, read, delete, table): (usize, &Read, &Delete, &Table),
    archives: &[(usize, &Read)],
) -> bool {
    let [(copied, archive)] = archives else { return false };
    let Action::Copy(copy) = archive.action() else { return false };
    let lists: Vec<_> = looked_up_by(read, delete).into_iter().filter(|found| !found.is(table)).collect();
    let mut known: Vec<_> = delete.selection.iter().flat_map(conjuncts).map(words_of).collect();
    let mut read_by_list = Vec::new();
    for list in &lists {
        let mut fills = unit.filled().filter(|(_, into)| into.is(list)).filter_map(|(read, _)| match read.action() {
            Action::Copy(fill) => Some(fill),
            _ => None,
        });
        let Some(fill) = fills.next() else { return false };
        let reads = tables_in(fill.query);
        if list.is(&copy.into)
            || reads.iter().any(|read| read.is(&copy.into))
            || !reads.iter().any(|read| read.is(table))
        {
            return false;
        }
        // The list is made, or made longer, when the copy has been made.
        let is_of_mart = |fill: &Read| {
            let reads = tables_in(&fill.tree);
            reads.iter().any(|one| one.is(table)) && !reads.iter().any(|one| one.is(&copy.into))
        };
        let mut between = unit.fills(list).filter(|filled| (copied + 1..at).contains(filled));
        if between.any(|filled| is_of_mart(&unit.statements[filled])) {
            return true;
        }
        known.extend(fill.conditions().into_iter().map(words_of));
        read_by_list.extend(reads);
    }
    let Some(select) = copy.select().filter(|_| !lists.is_empty()) else { return false };
    let is_known = |found: &Table| {
        let mut all = lists.iter().chain(&read_by_list).chain([table, &copy.into]);
        all.any(|known| known.is(found)) || named_query(copy.query, found).is_some()
    };
    let joins_more =
        select.from.iter().flat_map(|item| &item.joins).any(|join| match (&join.relation, &join.join_operator) {
            (TableFactor::Table { name, .. }, JoinOperator::Join(_) | JoinOperator::Inner(_)) => {
                !is_known(&Table::of(name))
            }
            _ => false,
        });
    // The copy reads a part of the list, or chooses some of its rows.
    let looks_elsewhere = copy.conditions().into_iter().filter_map(lookup).filter(|found| !found.negated);
    let reads_more = looks_elsewhere.flat_map(|found| found.tables()).any(|found| !is_known(&found));
    let joins_list = select.from.iter().flat_map(tables).any(|from| lists.iter().any(|list| list.is(&from)));
    let takes_some = takes_any_rows(copy.query)
        || matches!(select.distinct, Some(Distinct::On(_)))
        || select.having.is_some()
        || select.qualify.is_some();
    let mut filters = copy.conditions().into_iter().filter(|condition| is_filter(condition));
    joins_more
        || reads_more
        || joins_list && takes_some
        || filters.any(|condition| !known.contains(&words_of(condition)))
}

/// Whether a DELETE looks only into tables that are no archive, and that the unit does not fill.
/// They say which rows are old, and not which rows have a copy.
fn filters(unit: &Unit, read: &Read, (delete, table): (&Delete, &Table), archives: &[(usize, &Read)]) -> bool {
    let is_archive = |table: &Table| {
        table.is_named_as_archive()
            || archives.iter().any(|(_, read)| matches!(read.action(), Action::Copy(copy) if copy.into.is(table)))
    };
    let is_filter = |table: &Table| !is_archive(table) && unit.fills(table).next().is_none() && !unit.creates(table);
    let looked_up: Vec<_> = looked_up_by(read, delete).into_iter().filter(|found| !found.is(table)).collect();
    !looked_up.is_empty() && looked_up.iter().all(is_filter)
}

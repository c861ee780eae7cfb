//! Holds every rendered statement against the step that it claims to be. Nothing is believed because a template said so.
//!
//! The first floor: a statement parses in its dialect, is exactly one, does what its step names to the relation that its step
//! names, and touches no relation that its step does not declare.

#[cfg(feature = "rehearse")]
pub(crate) mod foreign;
mod relations;

use std::collections::BTreeSet;

use sqlparser::ast::{CreateTable, FromTable, Insert, ObjectName, Statement, TableFactor, TableObject, TableWithJoins};

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Sink, quoted};
use crate::dialect::Dialect;
use crate::plan::{Slot, Verb};
use crate::render::Rendered;
use crate::source::line_range;
use crate::spec::Spec;
use crate::sql::parse::parse;

/// What was rendered, known to be what it claims to be.
#[derive(Debug)]
pub(crate) struct Compiled<'p>(Rendered<'p>);

impl<'p> Compiled<'p> {
    pub(crate) fn into_statements(self) -> Rendered<'p> {
        self.0
    }
}

/// Verifies every statement of a project, one tree at a time.
pub(crate) fn verify<'p>(spec: &Spec, rendered: Rendered<'p>) -> Result<Compiled<'p>, Diagnostics> {
    let mut sink = Sink::default();
    // One template serves many statements: what is wrong with it is said once.
    let mut said = BTreeSet::new();
    let mut check = |claim: &Claim<'_>, sql: &str, template: &'static str| {
        if let Err(diagnostic) = statement(spec, claim, sql)
            && said.insert((template, diagnostic.code()))
        {
            sink.push(diagnostic.help(format!("the statement comes from templates/{template}")));
        }
    };
    for table in &rendered.tables {
        let model = spec.table(table.table).model.value.as_str();
        for statement in table.load.iter().chain(&table.hooks).chain(&table.sweep) {
            let step = statement.step;
            let claim = Claim {
                name: &format!("{model}/{}", step.stem(spec)),
                verb: step.verb,
                writes: step.writes,
                reads: &step.reads,
            };
            check(&claim, &statement.sql, step.template);
        }
    }
    for statement in &rendered.definitions {
        let definition = statement.step;
        let name = format!("the {} definition", definition.kind.as_str());
        let claim =
            Claim { name: &name, verb: definition.verb(), writes: definition.creates, reads: &definition.reads };
        check(&claim, &statement.sql, definition.template());
    }
    sink.finish(Some(Compiled(rendered)))
}

/// What a statement says that it is.
struct Claim<'a> {
    name: &'a str,
    verb: Verb,
    writes: Slot,
    reads: &'a [Slot],
}

fn statement(spec: &Spec, claim: &Claim<'_>, sql: &str) -> Result<(), Diagnostic> {
    let at = |line: Option<usize>| (format!("{}.sql", claim.name), sql, line_range(sql, line.unwrap_or(2)));
    let statements = parse(sql, spec.dialect).map_err(|error| {
        let message = format!("{} is not {} SQL: {}", claim.name, spec.dialect, error.message);
        Diagnostic::in_text(Code::Unparsable, message, at(error.line), "not understood")
    })?;
    let [statement] = statements.as_slice() else {
        let message = format!("{} is {} statements where one hook is one statement", claim.name, statements.len());
        return Err(Diagnostic::in_text(Code::NotOneStatement, message, at(None), "split it into parts of its step"));
    };
    let found = effect(statement);
    let target = claim.writes.relation(spec);
    match found {
        Some((verb, name)) if verb == claim.verb && is(name, &target.folded(spec.dialect), spec.dialect) => {}
        found => {
            let found = found.map_or_else(
                || "neither changes nor creates one relation".to_owned(),
                |(verb, name)| format!("does {verb} on {}", quoted(&name.to_string())),
            );
            let message =
                format!("{} must {} {}, but it {found}", claim.name, claim.verb, quoted(&target.sql(spec.dialect)));
            return Err(Diagnostic::in_text(Code::WrongEffect, message, at(None), "another effect"));
        }
    }
    let declared: BTreeSet<_> =
        claim.reads.iter().chain([&claim.writes]).map(|&slot| slot.relation(spec).folded(spec.dialect)).collect();
    if let Some(undeclared) = relations::undeclared(statement, &declared, spec.dialect) {
        let message = format!("{} touches {}, which its step does not declare", claim.name, quoted(&undeclared));
        let line = sql.lines().position(|line| line.contains(&undeclared)).map(|line| line + 1);
        return Err(Diagnostic::in_text(Code::UndeclaredRelation, message, at(line), "not declared"));
    }
    Ok(())
}

/// What a statement does, and to which relation. Forms that would do more than their verb says are none of ours.
fn effect(statement: &Statement) -> Option<(Verb, &ObjectName)> {
    match statement {
        Statement::Insert(insert) if appends_only(insert) => match &insert.table {
            TableObject::TableName(name) => Some((Verb::Insert, name)),
            _ => None,
        },
        Statement::Delete(delete) if delete.returning.is_none() && delete.using.is_none() && delete.limit.is_none() => {
            match &delete.from {
                FromTable::WithFromKeyword(tables) if delete.tables.is_empty() => {
                    only_table(tables).map(|name| (Verb::Delete, name))
                }
                _ => None,
            }
        }
        Statement::Update(update) if update.returning.is_none() && update.limit.is_none() && update.or.is_none() => {
            only_table(std::slice::from_ref(&update.table)).map(|name| (Verb::Update, name))
        }
        Statement::CreateTable(create) if keeps_what_is_there(create) => Some((Verb::CreateTable, &create.name)),
        Statement::CreateView(create) if !create.materialized && !create.temporary => {
            Some((Verb::CreateView, &create.name))
        }
        _ => None,
    }
}

/// No row that is there is replaced, and none is given back.
fn appends_only(insert: &Insert) -> bool {
    let replaces =
        insert.or.is_some() || insert.ignore || insert.overwrite || insert.replace_into || insert.on.is_some();
    !replaces && insert.returning.is_none() && insert.table_alias.is_none()
}

/// A definition may run again: it must not empty a table that is there, nor make one that goes away by itself.
fn keeps_what_is_there(create: &CreateTable) -> bool {
    create.if_not_exists && !create.or_replace && !create.temporary && create.query.is_none()
}

/// The target's columns are written by its bare name, so it has no alias.
fn only_table(tables: &[TableWithJoins]) -> Option<&ObjectName> {
    match tables {
        [TableWithJoins { relation: TableFactor::Table { name, alias: None, args: None, .. }, joins }]
            if joins.is_empty() =>
        {
            Some(name)
        }
        _ => None,
    }
}

/// Whether a parsed name is a relation, whose parts are folded.
fn is(name: &ObjectName, folded: &[String], dialect: Dialect) -> bool {
    fold(name, dialect).is_some_and(|parts| parts == folded)
}

/// What the engine compares, part by part; `None` for names that are computed.
fn fold(name: &ObjectName, dialect: Dialect) -> Option<Vec<String>> {
    let part = |ident: &sqlparser::ast::Ident| {
        let kept = ident.quote_style.is_some() && dialect.quoted_names_keep_case();
        if kept { ident.value.clone() } else { ident.value.to_lowercase() }
    };
    name.0.iter().map(|piece| piece.as_ident().map(part)).collect()
}

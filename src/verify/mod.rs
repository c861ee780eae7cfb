//! Holds every rendered statement against the step that it claims to be. Nothing is believed because a template said so.
//!
//! Each statement is parsed and read for what it means; each step says, from the spec alone, what it claims; and the two must be
//! the same. Names, layout, the order of conditions and several ways to say one thing do not matter. What cannot be shown is
//! refused, with what could not be shown. The context of a template is never seen, so a statement that somebody wrote by hand
//! could be held against a step as well.

mod claim;
mod compare;
mod effect;
#[cfg(feature = "rehearse")]
pub(crate) mod external;
mod known;
mod lower;
mod meaning;
mod refusal;
mod relations;
mod steps;
mod print;

use std::collections::{BTreeMap, BTreeSet};

use sqlparser::ast::ObjectName;

use crate::cycle::plan::{Due, Scope, Slot, StatementKind, Step, Verb};
use crate::cycle::render::{self, Rendered};
use crate::diagnostic::{Code, Diagnostics, Sink, quoted};
use crate::project::{PeriodId, Spec};
use crate::source::{Inputs, Span};
use crate::sql::parse::parse_emitted;
use effect::effect;
use known::Known;
use meaning::Meaning;
use refusal::Refusal;

/// What was rendered, known to be what it claims to be.
#[derive(Debug)]
pub(crate) struct Compiled<'p>(Rendered<'p>);

impl<'p> Compiled<'p> {
    pub(crate) fn into_statements(self) -> Rendered<'p> {
        self.0
    }
}

/// Verifies every statement of a project, one tree at a time. The inputs serve to point at the template that a refused
/// statement came from, and for nothing else.
pub(crate) fn verify<'p>(spec: &Spec, rendered: Rendered<'p>, inputs: &Inputs) -> Result<Compiled<'p>, Diagnostics> {
    let mut sink = Sink::default();
    // One template serves many statements: what is wrong with it is said once.
    let mut said = BTreeSet::new();
    let known = Known::new(spec);
    for table in &rendered.tables {
        let plan = table.plan;
        let model = spec.table(plan.table).model.value.as_str();
        steps::check(spec, plan, &mut sink);
        let of_cycle: BTreeMap<_, _> =
            table.hooks.iter().map(|hook| (place_of(hook.step), hook.sql.as_str())).collect();
        let scopes = [(&table.load, &plan.cycle), (&table.hooks, &plan.cycle), (&table.sweep, &plan.nightly)];
        for (statements, scope) in scopes {
            for statement in statements {
                let step = statement.step;
                // Most statements of a sweep are those of the cycle, word for word, and claim the same.
                if std::ptr::eq(scope, &plan.nightly)
                    && of_cycle.get(&place_of(step)) == Some(&statement.sql.as_str())
                    && (step.kind.verb() == Verb::Select
                        || claim::of_step(&known, plan.table, &plan.cycle, step)
                            == claim::of_step(&known, plan.table, scope, step))
                {
                    continue;
                }
                let claim = Claim {
                    name: &format!("{model}/{}", step.stem(spec)),
                    verb: step.kind.verb(),
                    writes: step.writes,
                    reads: &step.reads,
                };
                // What only reads can break no law, and its template is Rowkeep's own.
                let meaning = || claim::of_step(&known, plan.table, scope, step);
                let meaning = (step.kind.verb() != Verb::Select).then_some(meaning);
                for refusal in refusals(&known, &claim, &statement.sql, meaning) {
                    if said.insert((step.kind.template(), refusal.code)) {
                        let origin = render::origin_of_step(
                            spec,
                            inputs,
                            plan.table,
                            scope,
                            step,
                            refusal.start(&statement.sql),
                        );
                        let diagnostic = refusal.diagnose(claim.name, &statement.sql, step.kind.template(), origin);
                        sink.push(diagnostic.anchored(spec.table(plan.table).model.span));
                    }
                }
            }
        }
    }
    let every = Scope {
        periods: spec.period_ids().collect(),
        due: Due::ByCutoff,
        versioned: false,
        batch: None,
        touched: None,
        parent_touched: None,
    };
    for statement in &rendered.definitions {
        let definition = statement.step;
        let name = format!("the {} definition", definition.kind.as_str());
        let claim =
            Claim { name: &name, verb: definition.verb(), writes: definition.creates, reads: &definition.reads };
        let meaning = Some(|| claim::of_definition(&known, &every, definition));
        for refusal in refusals(&known, &claim, &statement.sql, meaning) {
            if said.insert((definition.template(), refusal.code)) {
                let origin = render::origin_of_definition(spec, inputs, definition, refusal.start(&statement.sql));
                let diagnostic = refusal.diagnose(claim.name, &statement.sql, definition.template(), origin);
                sink.push(diagnostic.anchored(place(spec, definition.creates)));
            }
        }
    }
    sink.finish(Some(Compiled(rendered)))
}

/// A statement that changes no row of a mart or of history in a cycle: what it declares.
pub(crate) struct Declared<'a> {
    pub(crate) name: &'a str,
    pub(crate) verb: Verb,
    pub(crate) writes: Slot,
    pub(crate) reads: &'a [Slot],
    pub(crate) template: &'static str,
    pub(crate) sql: &'a str,
}

/// Holds statements against what they declare: each is one statement, has that effect on that
/// relation, and touches no other than those that it reads. What it means is not proven.
pub(crate) fn declared<'a>(spec: &Spec, all: impl Iterator<Item = Declared<'a>>, sink: &mut Sink) {
    let known = Known::new(spec);
    let mut said = BTreeSet::new();
    for Declared { name, verb, writes, reads, template, sql } in all {
        let claim = Claim { name, verb, writes, reads };
        for refusal in refusals(&known, &claim, sql, None::<fn() -> Meaning<'static>>) {
            if said.insert((template, refusal.code)) {
                let diagnostic = refusal.diagnose(claim.name, sql, template, None);
                sink.push(diagnostic.anchored(place(spec, writes)));
            }
        }
    }
}

/// Which statement of a table's it is.
fn place_of(step: &Step) -> (StatementKind, Option<PeriodId>) {
    (step.kind, step.period)
}

/// Where the project says that a relation is to be.
fn place(spec: &Spec, slot: Slot) -> Span {
    match slot {
        Slot::Exceptions(id) => spec.exceptions(id).span,
        Slot::Mart(table)
        | Slot::Source(table)
        | Slot::History(table, _)
        | Slot::Cutoff(table)
        | Slot::Versions(table)
        | Slot::Due(table)
        | Slot::Cycles(table)
        | Slot::AllRows(table) => spec.table(table).model.span,
        Slot::Compared(monitor) => spec.monitor(monitor).name.span,
    }
}

/// What a statement says that it is.
struct Claim<'a> {
    name: &'a str,
    verb: Verb,
    writes: Slot,
    reads: &'a [Slot],
}

/// Everything that keeps a statement from being what it claims to be.
fn refusals<'k>(
    known: &'k Known<'_>,
    claim: &Claim<'_>,
    sql: &str,
    meaning: Option<impl FnOnce() -> Meaning<'k>>,
) -> Vec<Refusal> {
    let spec = known.spec;
    let statements = match parse_emitted(sql, spec.dialect) {
        Ok(statements) => statements,
        Err(error) => {
            let what = format!("is not {} SQL: {}", spec.dialect, error.message);
            return vec![Refusal::new(Code::Unparsable, what, error.line, "not understood")];
        }
    };
    let [statement] = statements.as_slice() else {
        let what = format!("is {} statements where one hook is one statement", statements.len());
        return vec![Refusal::new(Code::NotOneStatement, what, None, "split it into parts of its step")];
    };
    let target = claim.writes.relation(spec);
    match effect(statement, spec.dialect) {
        None if claim.verb == Verb::Select && effect::only_reads(statement) => {}
        Some((verb, name)) if verb == claim.verb && known.slot(name) == Some(claim.writes) => {}
        found => {
            let found = found.map_or_else(
                || "neither changes nor creates one relation".to_owned(),
                |(verb, name)| format!("does {verb} on {}", quoted(&name.to_string())),
            );
            let what = format!("must {} {}, but it {found}", claim.verb, quoted(&target.sql(spec.dialect)));
            return vec![Refusal::new(Code::WrongEffect, what, None, "another effect")];
        }
    }
    let is_declared = |slot: Slot| slot == claim.writes || claim.reads.iter().any(|&read| known.one(read) == slot);
    // What is read of the catalogue, by what only reads, is about tables and no rows of them.
    let table_info = spec.dialect.rules().table_info().filter(|_| claim.verb == Verb::Select);
    let may_touch = |name: &ObjectName| {
        let is_table_info =
            || table_info.is_some_and(|view| known::fold(name, spec.dialect).as_deref() == Some(&[view.to_owned()]));
        known.slot(name).is_some_and(is_declared) || is_table_info()
    };
    if let Some(undeclared) = relations::undeclared(statement, may_touch) {
        let line = sql.lines().position(|line| line.contains(&undeclared)).map(|line| line + 1);
        let what = format!("touches {}, which its step does not declare", quoted(&undeclared));
        return vec![Refusal::new(Code::UndeclaredRelation, what, line, "not declared")];
    }
    if let Some(trap) = spec.dialect.rules().trap(statement) {
        return vec![Refusal::new(Code::Trap, trap.says, trap.line, "a trap of this engine")];
    }
    let Some(meaning) = meaning else { return Vec::new() };
    let found = match lower::lower(statement, claim.writes, known, sql.len()) {
        Ok(found) => found,
        Err(unshown) => return vec![Refusal::unshown(*unshown)],
    };
    compare::gaps(&meaning(), &found, spec).into_iter().map(Refusal::gap).collect()
}

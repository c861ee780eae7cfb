//! Verifies each rendered statement against its step. It does not use the templates.
//!
//! Each statement is parsed and converted to its meaning (`lower`). Each step has a claim that is
//! derived from the spec alone (`claim`). The meaning and the claim must be equal (`compare`).
//! Aliases, layout, the order of conditions and equivalent forms of SQL make no difference. A
//! statement that cannot be proven is refused. Verify reads only the text of a statement, so it
//! could also verify handwritten SQL.

mod claim;
mod compare;
mod effect;
#[cfg(feature = "rehearse")]
pub(crate) mod external;
mod implied;
mod lower;
mod meaning;
mod names;
mod print;
mod refusal;
mod relations;
mod steps;
mod verifier;
mod wrong_effect;

use std::collections::{BTreeMap, BTreeSet};

use sqlparser::ast::ObjectName;

use crate::cycle::plan::{Definition, Due, Scope, Slot, StatementKind, Step, Verb};
use crate::cycle::render::{self, Rendered, RenderedTable, Statement};
use crate::diagnostic::{Code, Diagnostics, Sink, quoted};
use crate::parallel;
use crate::project::{PeriodId, Spec, TableId};
use crate::source::{Inputs, Span};
use crate::sql::parse::parse_emitted;
use effect::effect;
use meaning::Meaning;
use names::Names;
use refusal::Refusal;
pub use verifier::Verifier;

/// The rendered statements. Each is proven to do what its step claims.
#[derive(Debug)]
pub(crate) struct Compiled<'p>(Rendered<'p>);

impl<'p> Compiled<'p> {
    pub(crate) fn into_statements(self) -> Rendered<'p> {
        self.0
    }
}

/// Verifies every statement of a project. The inputs are only used to show the template of a
/// refused statement.
pub(crate) fn verify<'p>(spec: &Spec, rendered: Rendered<'p>, inputs: &Inputs) -> Result<Compiled<'p>, Diagnostics> {
    let mut sink = Sink::default();
    // One template renders many statements. Each problem of a template is reported once.
    let mut reported = BTreeSet::new();
    let names = Names::new(spec);
    let of_tables = parallel::map(&rendered.tables, || (), |(), table| of_table(&names, table));
    for (table, refused) in rendered.tables.iter().zip(of_tables) {
        let plan = table.plan;
        steps::check(spec, plan, &mut sink);
        for Refused { statement, scope, refusal } in refused {
            let step = statement.step;
            if reported.insert((step.kind.template(), refusal.code)) {
                let start = refusal.start(&statement.sql);
                let origin = render::origin_of_step(spec, inputs, plan.table, scope, step, start);
                let name = name_of(spec, plan.table, step);
                let diagnostic = refusal.diagnose(&name, &statement.sql, step.kind.template(), origin);
                sink.push(diagnostic.anchored(spec.table(plan.table).model.span));
            }
        }
    }
    let every = every_period(spec);
    let name_of_definition = |definition: &Definition| format!("the {} definition", definition.kind.as_str());
    let of_definitions = parallel::map(
        &rendered.definitions,
        || (),
        |(), statement| {
            let definition = statement.step;
            let claim = Claim {
                verb: definition.verb(),
                writes: definition.creates,
                reads: &definition.reads,
                marks: Some(&statement.marks),
            };
            let meaning = Some(|| claim::of_definition(&names, &every, definition));
            refusals(&names, &claim, &statement.sql, meaning)
        },
    );
    for (statement, refused) in rendered.definitions.iter().zip(of_definitions) {
        let definition = statement.step;
        for refusal in refused {
            if reported.insert((definition.template(), refusal.code)) {
                let origin = render::origin_of_definition(spec, inputs, definition, refusal.start(&statement.sql));
                let name = name_of_definition(definition);
                let diagnostic = refusal.diagnose(&name, &statement.sql, definition.template(), origin);
                sink.push(diagnostic.anchored(place(spec, definition.creates)));
            }
        }
    }
    for statement in &rendered.indexes {
        let index = statement.step;
        let claim = Claim { verb: index.verb(), writes: index.on, reads: &[], marks: Some(&statement.marks) };
        for refusal in refusals(&names, &claim, &statement.sql, Some(|| claim::of_index(&names, index))) {
            if reported.insert((index.template(), refusal.code)) {
                let origin = render::origin_of_index(spec, inputs, index, refusal.start(&statement.sql));
                let diagnostic = refusal.diagnose("the index definition", &statement.sql, index.template(), origin);
                sink.push(diagnostic.anchored(place(spec, index.on)));
            }
        }
    }
    for statement in &rendered.grants {
        let grant = statement.step;
        let claim = Claim { verb: grant.verb(), writes: grant.on, reads: &[], marks: Some(&statement.marks) };
        for refusal in refusals(&names, &claim, &statement.sql, Some(|| claim::of_grant(&names, grant))) {
            if reported.insert((grant.template(), refusal.code)) {
                let origin = render::origin_of_grant(spec, inputs, grant, refusal.start(&statement.sql));
                let diagnostic = refusal.diagnose("the grant", &statement.sql, grant.template(), origin);
                sink.push(diagnostic.anchored(place(spec, grant.on)));
            }
        }
    }
    sink.finish(Some(Compiled(rendered)))
}

/// A refused statement of a table.
struct Refused<'r, 'p> {
    statement: &'r Statement<'p, Step>,
    scope: &'p Scope,
    refusal: Refusal,
}

/// The name of a statement in messages.
fn name_of(spec: &Spec, table: TableId, step: &Step) -> String {
    format!("{}/{}", spec.table(table).model.value.as_str(), step.stem(spec))
}

/// Verifies the load, the cycle and the sweep of a table.
fn of_table<'r, 'p>(names: &Names<'_>, table: &'r RenderedTable<'p>) -> Vec<Refused<'r, 'p>> {
    let plan = table.plan;
    let of_cycle: BTreeMap<_, _> = table.hooks.iter().map(|hook| (id_of(hook.step), hook.sql.as_str())).collect();
    let scopes = [(&table.load, &plan.cycle), (&table.hooks, &plan.cycle), (&table.sweep, &plan.nightly)];
    let mut refused = Vec::new();
    for (statements, scope) in scopes {
        for statement in statements {
            let step = statement.step;
            let is_query = step.kind.verb() == Verb::Select;
            // Most statements of a sweep have the same text and the same claim as in the cycle.
            if std::ptr::eq(scope, &plan.nightly)
                && of_cycle.get(&id_of(step)) == Some(&statement.sql.as_str())
                && (is_query
                    || claim::of_step(names, plan.table, &plan.cycle, step)
                        == claim::of_step(names, plan.table, scope, step))
            {
                continue;
            }
            let claim = Claim {
                verb: step.kind.verb(),
                writes: step.writes,
                reads: &step.reads,
                // A query can break no law, and its template cannot be replaced.
                marks: (!is_query).then_some(&*statement.marks),
            };
            let meaning = (!is_query).then_some(|| claim::of_step(names, plan.table, scope, step));
            let found = refusals(names, &claim, &statement.sql, meaning).into_iter();
            refused.extend(found.map(|refusal| Refused { statement, scope, refusal }));
        }
    }
    refused
}

/// The scope of definitions: every period.
fn every_period(spec: &Spec) -> Scope {
    Scope {
        periods: spec.period_ids().collect(),
        due: Due::ByCutoff,
        versioned: false,
        touched: None,
        parent_touched: None,
    }
}

/// A statement of a feature, with its declared effect.
pub(crate) struct Declared<'a> {
    pub(crate) name: &'a str,
    pub(crate) verb: Verb,
    pub(crate) writes: Slot,
    pub(crate) reads: &'a [Slot],
    pub(crate) template: &'static str,
    pub(crate) sql: &'a str,
}

/// Checks that each text is one statement with the declared effect, and that it reads only the
/// declared relations. The meaning is not compared with a claim.
pub(crate) fn declared(spec: &Spec, all: &[Declared<'_>], sink: &mut Sink) {
    let names = Names::new(spec);
    let mut reported = BTreeSet::new();
    let refused = parallel::map(
        all,
        || (),
        |(), &Declared { verb, writes, reads, sql, .. }| {
            // A project cannot replace the templates of these statements.
            let claim = Claim { verb, writes, reads, marks: None };
            refusals(&names, &claim, sql, None::<fn() -> Meaning<'static>>)
        },
    );
    for (&Declared { name, writes, template, sql, .. }, refused) in all.iter().zip(refused) {
        for refusal in refused {
            if reported.insert((template, refusal.code)) {
                let diagnostic = refusal.diagnose(name, sql, template, None);
                sink.push(diagnostic.anchored(place(spec, writes)));
            }
        }
    }
}

/// Identifies a statement among the statements of a table.
fn id_of(step: &Step) -> (StatementKind, Option<PeriodId>) {
    (step.kind, step.period)
}

/// The place in the project that defines a relation.
fn place(spec: &Spec, slot: Slot) -> Span {
    match slot {
        Slot::Exceptions(id) => spec.exceptions(id).span,
        Slot::Mart(table)
        | Slot::Raw(table)
        | Slot::History(table, _)
        | Slot::Cutoff(table)
        | Slot::Stale(table)
        | Slot::Due(table)
        | Slot::Cycles(table)
        | Slot::Purged(table)
        | Slot::AllRows(table) => spec.table(table).model.span,
        Slot::Compared(monitor) => spec.monitor(monitor).name.span,
    }
}

/// The declared effect of a statement.
struct Claim<'a> {
    verb: Verb,
    writes: Slot,
    reads: &'a [Slot],
    /// Where the statement names a relation by a mark, if its template may be replaced.
    marks: Option<&'a [usize]>,
}

/// The reasons why a statement is refused. If there are none, it is verified.
fn refusals<'k>(
    names: &'k Names<'_>,
    claim: &Claim<'_>,
    sql: &str,
    meaning: Option<impl FnOnce() -> Meaning<'k>>,
) -> Vec<Refusal> {
    let spec = names.spec;
    let statements = match parse_emitted(sql, spec.dialect) {
        Ok(statements) => statements,
        Err(error) => {
            let what = format!("is not {} SQL: {}", spec.dialect, error.message);
            return vec![Refusal::new(Code::Unparsable, what, error.line, "not understood")];
        }
    };
    let [statement] = statements.as_slice() else {
        let what = format!("has {} statements, but a hook is exactly one statement", statements.len());
        return vec![Refusal::new(Code::NotOneStatement, what, None, "write one statement")];
    };
    let target = claim.writes.relation(spec);
    match effect(statement, spec.dialect) {
        None if claim.verb == Verb::Select && effect::only_reads(statement) => {}
        Some((verb, name)) if verb == claim.verb && names.slot(name) == Some(claim.writes) => {}
        found => {
            let refused = wrong_effect::clause(statement, spec.dialect).filter(|_| found.is_none());
            let (found, help) = match (found, refused) {
                (Some((verb, name)), _) => (format!("does {verb} on {}", quoted(&name.to_string())), None),
                (None, Some(refused)) => (format!("has {}", refused.what), Some(refused.help)),
                (None, None) => wrong_effect::kind(statement).map_or_else(
                    || ("neither changes nor creates one relation".to_owned(), None),
                    |(what, help)| (what.to_owned(), Some(help)),
                ),
            };
            let what = format!("must {} {}, but it {found}", claim.verb, quoted(&target.sql(spec.dialect)));
            let mut refusal = Refusal::new(Code::WrongEffect, what, None, "another effect");
            refusal.help.extend(help.map(str::to_owned));
            return vec![refusal];
        }
    }
    let is_declared = |slot: Slot| slot == claim.writes || claim.reads.iter().any(|&read| names.one(read) == slot);
    // A query may read the catalogue of the engine: it describes tables, but has no rows of them.
    let rules = spec.dialect.rules();
    let readable = (claim.verb == Verb::Select).then(|| rules.table_info().into_iter().chain(rules.constraints()));
    let catalogue: Vec<_> = readable.into_iter().flatten().collect();
    let may_touch = |name: &ObjectName| {
        let is_catalogue = || {
            let parts = names::fold(name, spec.dialect).unwrap_or_default();
            catalogue.iter().any(|view| view.split('.').eq(parts.iter().map(String::as_str)))
        };
        names.slot(name).is_some_and(is_declared) || is_catalogue()
    };
    if let Some(undeclared) = relations::undeclared(statement, may_touch) {
        let line = sql.lines().position(|line| line.contains(&undeclared)).map(|line| line + 1);
        let what = format!("touches {}, which its step does not declare", quoted(&undeclared));
        return vec![Refusal::new(Code::UndeclaredRelation, what, line, "not declared")];
    }
    if let Some(found) = claim.marks.and_then(|marks| relations::written_out(statement, sql, marks, names)) {
        let what = format!(
            "writes the name {} itself: under dbt, it would use this table for every target",
            quoted(&found.name)
        );
        let mut refusal = Refusal::new(Code::WrittenOut, what, Some(found.line), "a name that dbt cannot change");
        refusal.help.push(
            "write the variable of the relation: `{{ mart|full }}`, or `{{ mart|bare }}` before a column".to_owned(),
        );
        return vec![refusal];
    }
    if let Some(trap) = spec.dialect.rules().trap(statement) {
        return vec![Refusal::new(Code::Trap, trap.says, trap.line, "a trap of this engine")];
    }
    let Some(meaning) = meaning else { return Vec::new() };
    let found = match lower::lower(statement, claim.writes, names, sql.len()) {
        Ok(found) => found,
        Err(unshown) => return vec![Refusal::unshown(*unshown)],
    };
    compare::gaps(&meaning(), &found, spec).into_iter().map(Refusal::gap).collect()
}

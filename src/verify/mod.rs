//! Verifies each rendered statement against its step. It does not use the templates.
//!
//! Each statement is parsed and converted to its meaning (`lower`). Each step has a claim that is
//! derived from the spec alone (`claim`). The meaning and the claim must be equal (`compare`).
//! Aliases, layout, the order of conditions and equivalent forms of SQL make no difference. A
//! statement that cannot be proven is refused. Verify reads only the text of a statement, so it
//! could also verify handwritten SQL.

mod aliases;
mod claim;
mod compare;
mod effect;
#[cfg(feature = "rehearse")]
pub(crate) mod external;
mod implied;
mod instance;
mod lower;
mod meaning;
mod names;
mod planned;
mod print;
mod refusal;
mod relations;
mod steps;
mod verifier;
mod wrong_effect;

use std::collections::{BTreeMap, BTreeSet};

use sqlparser::ast::ObjectName;

use crate::cycle::plan::{Due, Scope, Slot, StatementKind, Step, Verb};
use crate::cycle::render::{Rendered, RenderedTable, Statement};
use crate::diagnostic::{Code, Diagnostics, Sink, quoted};
use crate::parallel;
use crate::project::{PeriodId, Spec};
use crate::source::{Inputs, Span};
use crate::sql::parse::parse_emitted;
use effect::effect;
use instance::{Marked, Renaming};
use meaning::Meaning;
use names::Names;
use planned::Planned;
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
    let (names, every) = (Names::new(spec), every_period(spec));
    rendered.tables.iter().for_each(|table| steps::check(spec, table.plan, &mut sink));
    let all = texts(&rendered);
    let families: Vec<_> = all.chunk_by(Text::is_family).collect();
    let refused = parallel::map_statements(&families, |family| refusals_of(family, &names, &every));
    // One template renders many statements. Each problem of a template is reported once.
    let mut reported = BTreeSet::new();
    for (Text { planned, sql, .. }, refused) in all.iter().zip(refused.into_iter().flatten()) {
        for refusal in refused {
            if reported.insert((planned.template(), refusal.code)) {
                let origin = planned.origin(spec, inputs, refusal.start(sql));
                let diagnostic = refusal.diagnose(&planned.name(spec), sql, planned.template(), origin);
                sink.push(diagnostic.anchored(planned.place(spec)));
            }
        }
    }
    drop(families);
    drop(all);
    sink.finish(Some(Compiled(rendered)))
}

/// The text of a statement.
struct Text<'r> {
    planned: Planned<'r>,
    sql: &'r str,
    /// Where the text names a relation by a mark.
    marks: &'r [usize],
    /// For a statement of a sweep: the scope of the cycle, if the same step has the same text
    /// there.
    as_in: Option<&'r Scope>,
}

/// Every statement of a project.
fn texts<'r>(rendered: &'r Rendered<'_>) -> Vec<Text<'r>> {
    let mut all = Vec::new();
    for RenderedTable { plan, load, hooks, sweep, .. } in &rendered.tables {
        let of_cycle: BTreeMap<_, _> = hooks.iter().map(|hook| (id_of(hook.step), hook.sql.as_str())).collect();
        let mut add = |scope: &'r Scope, statement: &'r Statement<'_, Step>, as_in: Option<&'r Scope>| {
            let planned = Planned::Step { table: plan.table, scope, step: statement.step };
            all.push(Text { planned, sql: &statement.sql, marks: &statement.marks, as_in });
        };
        load.iter().chain(hooks).for_each(|statement| add(&plan.cycle, statement, None));
        for statement in sweep {
            let is_same = of_cycle.get(&id_of(statement.step)) == Some(&statement.sql.as_str());
            add(&plan.nightly, statement, is_same.then_some(&plan.cycle));
        }
    }
    fn other<'r, T>(statement: &'r Statement<'_, T>, planned: fn(&'r T) -> Planned<'r>) -> Text<'r> {
        Text { planned: planned(statement.step), sql: &statement.sql, marks: &statement.marks, as_in: None }
    }
    all.extend(rendered.definitions.iter().map(|statement| other(statement, Planned::Definition)));
    all.extend(rendered.indexes.iter().map(|statement| other(statement, Planned::Index)));
    all.extend(rendered.grants.iter().map(|statement| other(statement, Planned::Grant)));
    all
}

impl<'r> Text<'r> {
    /// Whether two statements are the same step of two periods.
    fn is_family(&self, other: &Self) -> bool {
        match (self.planned.family(), other.planned.family()) {
            (Some(family), Some(others)) => family == others,
            _ => false,
        }
    }

    fn proof(&self, names: &Names<'_>, every: &Scope) -> Result<Proof, Vec<Refusal>> {
        let claim = || self.planned.claim(names, every);
        // Most statements of a sweep have the same text and the same claim as in the cycle.
        if let (Some(cycle), Planned::Step { table, step, .. }) = (self.as_in, self.planned)
            && (Planned::Step { table, scope: cycle, step }).claim(names, every) == claim()
        {
            return Ok(Proof::Known);
        }
        // The template of a query cannot be replaced.
        let marks = (self.planned.verb() != Verb::Select).then_some(self.marks);
        prove(names, &Effect::of(self.planned, marks), self.sql, claim)
    }

    /// Whether the statement is an instance of a proven one.
    fn is_instance_of(&self, proven: &Self, names: &Names<'_>, every: &Scope) -> bool {
        let (Some(family), Some(own)) = (proven.planned.family(), self.planned.family()) else { return false };
        let Some(renaming) = Renaming::new(names.spec, own.table, family.period, own.period) else { return false };
        let marked = |text: &Text<'r>| Marked { sql: text.sql, marks: text.marks };
        let slots = |planned: Planned<'r>| std::iter::once(planned.writes()).chain(planned.reads().iter().copied());
        renaming.gives(marked(proven), marked(self))
            && slots(proven.planned).map(|slot| renaming.slot(slot)).eq(slots(self.planned).map(Some))
            && match (proven.planned.claim(names, every), self.planned.claim(names, every)) {
                (Some(mut claim), Some(own)) => renaming.claims(&mut claim, &own),
                _ => false,
            }
    }
}

/// For each statement of a family, the reasons why it is refused.
fn refusals_of(family: &[Text<'_>], names: &Names<'_>, every: &Scope) -> Vec<Vec<Refusal>> {
    let mut proven: Option<&Text<'_>> = None;
    let each = family.iter().map(|text| {
        if proven.is_some_and(|proven| text.is_instance_of(proven, names, every)) {
            return Vec::new();
        }
        match text.proof(names, every) {
            Ok(proof) => {
                proven = proven.or((proof == Proof::Exact).then_some(text));
                Vec::new()
            }
            Err(refusals) => refusals,
        }
    });
    each.collect()
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
    let refused = parallel::map_statements(all, |&Declared { verb, writes, reads, sql, .. }| {
        // A project cannot replace the templates of these statements.
        prove(&names, &Effect { verb, writes, reads, marks: None }, sql, || None).err().unwrap_or_default()
    });
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
        Slot::Exceptions(id) | Slot::Erased(id) => spec.exceptions(id).span,
        Slot::Mart(table)
        | Slot::Raw(table)
        | Slot::History(table, _)
        | Slot::Cutoff(table)
        | Slot::Stale(table)
        | Slot::Due(table)
        | Slot::Cycles(table)
        | Slot::Purged(table)
        | Slot::AllRows(table)
        | Slot::Copies(table) => spec.table(table).model.span,
        Slot::Compared(monitor) => spec.monitor(monitor).name.span,
    }
}

/// The declared effect of a statement.
struct Effect<'a> {
    verb: Verb,
    writes: Slot,
    reads: &'a [Slot],
    /// Where the statement names a relation by a mark, if its template may be replaced.
    marks: Option<&'a [usize]>,
}

impl<'a> Effect<'a> {
    fn of(planned: Planned<'a>, marks: Option<&'a [usize]>) -> Self {
        Self { verb: planned.verb(), writes: planned.writes(), reads: planned.reads(), marks }
    }
}

/// What the proof of a statement has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proof {
    /// The statement means exactly what is claimed.
    Exact,
    /// The statement means what is claimed, and has conditions that only follow from the claim.
    Implied,
    /// Another statement with the same text and claim is proven, or there is no claim.
    Known,
}

/// Proves a statement. Without a `claim`, only its effect.
///
/// # Errors
///
/// The reasons why the statement is refused.
fn prove<'k>(
    names: &'k Names<'_>,
    declared: &Effect<'_>,
    sql: &str,
    claim: impl FnOnce() -> Option<Meaning<'k>>,
) -> Result<Proof, Vec<Refusal>> {
    let spec = names.spec;
    let statements = match parse_emitted(sql, spec.dialect) {
        Ok(statements) => statements,
        Err(error) => {
            let what = format!("is not {} SQL: {}", spec.dialect, error.message);
            return Err(vec![Refusal::new(Code::Unparsable, what, error.line, "not understood")]);
        }
    };
    let [statement] = statements.as_slice() else {
        let what = format!("has {} statements, but a hook is exactly one statement", statements.len());
        return Err(vec![Refusal::new(Code::NotOneStatement, what, None, "write one statement")]);
    };
    let target = declared.writes.relation(spec);
    match effect(statement, spec.dialect) {
        None if declared.verb == Verb::Select && effect::only_reads(statement) => {}
        Some((verb, name)) if verb == declared.verb && names.slot(name) == Some(declared.writes) => {}
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
            let what = format!("must {} {}, but it {found}", declared.verb, quoted(&target.sql(spec.dialect)));
            let mut refusal = Refusal::new(Code::WrongEffect, what, None, "another effect");
            refusal.help.extend(help.map(str::to_owned));
            return Err(vec![refusal]);
        }
    }
    let is_declared =
        |slot: Slot| slot == declared.writes || declared.reads.iter().any(|&read| names.one(read) == slot);
    // A query may read the catalogue of the engine: it describes tables, but has no rows of them.
    let rules = spec.dialect.rules();
    let readable = (declared.verb == Verb::Select)
        .then(|| rules.table_info().into_iter().chain(rules.shared_rows().iter().copied()));
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
        return Err(vec![Refusal::new(Code::UndeclaredRelation, what, line, "not declared")]);
    }
    if let Some(found) = declared.marks.and_then(|marks| relations::written_out(statement, sql, marks, names)) {
        let what = format!(
            "writes the name {} itself: under dbt, it would use this table for every target",
            quoted(&found.name)
        );
        let mut refusal = Refusal::new(Code::WrittenOut, what, Some(found.line), "a name that dbt cannot change");
        refusal.help.push(
            "write the variable of the relation: `{{ mart|full }}`, or `{{ mart|bare }}` before a column".to_owned(),
        );
        return Err(vec![refusal]);
    }
    if let Some(trap) = spec.dialect.rules().trap(statement) {
        return Err(vec![Refusal::new(Code::Trap, trap.says, trap.line, "a trap of this engine")]);
    }
    let Some(claim) = claim() else { return Ok(Proof::Known) };
    if let Some(found) = aliases::unclear(statement, sql) {
        let what = format!(
            "names an output {} without AS: an engine could read this word as a part of the expression",
            quoted(&found.name)
        );
        let mut refusal = Refusal::new(Code::Unshown, what, found.line, "an alias without AS");
        refusal.help.push("write AS before the alias, and the alias as a name".to_owned());
        return Err(vec![refusal]);
    }
    let found = match lower::lower(statement, declared.writes, names, sql.len()) {
        Ok(found) => found,
        Err(unshown) => return Err(vec![Refusal::unshown(*unshown)]),
    };
    if claim == found {
        return Ok(Proof::Exact);
    }
    let gaps = compare::gaps(&claim, &found, spec);
    if gaps.is_empty() { Ok(Proof::Implied) } else { Err(gaps.into_iter().map(Refusal::gap).collect()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cycle::render::render;
    use crate::dialect::Dialect;

    /// Calls `each` with the families of two tables of three periods, in each dialect and each unit
    /// of time.
    fn in_all(each: impl Fn(&str, &[&[Text<'_>]], &Names<'_>, &Scope)) {
        for dialect in Dialect::ALL {
            for (ty, unit) in [
                ("bigint", ", unit: epoch_seconds"),
                ("bigint", ", unit: epoch_millis"),
                ("timestamp", ""),
                ("timestamptz", ""),
                ("date", ""),
            ] {
                let mart = |model: &str, more: &str| {
                    format!(
                        "- {{ model: {model}, history: 'hist_{model}', unique_key: id, time: {{ column: t{unit} }}, {more}, \
                         exception: {model}_gap, source: raw.{model}, columns: {{ id: bigint not null, t: {ty}, note: varchar(40) }} }}\n"
                    )
                };
                let project = format!(
                    "name: shop\ndialect: {dialect}\nschema: s\nperiods: [2024_h1, 2024_h2, 2025_h1]\n\
                     exceptions: {{ table: gaps, key: id }}\ntables:\n{}{}",
                    mart("orders", "rows: latest, retention: { for: 90 days }"),
                    mart("lines", "rows: latest, retention: { while_in: orders }"),
                );
                let inputs = Inputs::new("rowkeep.yml", project);
                let compilation = crate::compile(&inputs).expect("it compiles");
                let spec = &compilation.spec;
                let rendered = render(spec, &compilation.plan, &inputs).expect("it renders");
                let all = texts(&rendered);
                let families: Vec<_> = all.chunk_by(Text::is_family).filter(|family| family.len() > 1).collect();
                each(&format!("{dialect}, {ty}{unit}"), &families, &Names::new(spec), &every_period(spec));
            }
        }
    }

    /// The words of a text, each with its place.
    fn words(sql: &str) -> Vec<std::ops::Range<usize>> {
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        let starts = sql.char_indices().filter(|&(at, c)| is_part(c) && !sql[..at].ends_with(is_part));
        starts.map(|(at, _)| at..at + sql[at..].find(|c| !is_part(c)).unwrap_or(sql.len() - at)).collect()
    }

    /// Replaces a word of the first, or of the second, or of both, by another word of one of them, or
    /// by itself in upper case. If the second is then an instance of the first, it must be proven.
    #[test]
    fn no_instance_is_refused_when_it_is_proven_alone() {
        let accepted = std::cell::Cell::new(0);
        in_all(|case, families, names, every| {
            if !["redshift, bigint, unit: epoch_seconds", "bigquery, date"].contains(&case) {
                return;
            }
            for family in families.iter().filter(|family| family[0].as_in.is_none()) {
                let (first, second) = (&family[0], &family[1]);
                let places = words(first.sql);
                let pool: BTreeSet<_> = [first.sql, second.sql]
                    .into_iter()
                    .flat_map(|sql| words(sql).into_iter().map(|word| &sql[word]))
                    .filter(|word| word.contains(|c: char| c.is_ascii_digit()))
                    .collect();
                for place in places {
                    let old = &first.sql[place.clone()];
                    let other = pool.iter().map(|word| (*word).to_owned()).chain([old.to_uppercase()]);
                    for word in other.filter(|word| word.len() == old.len()) {
                        let edited = |sql: &str| format!("{}{word}{}", &sql[..place.start], &sql[place.end..]);
                        let (one, two) = (edited(first.sql), edited(second.sql));
                        for (one, two) in [(first.sql, &*two), (&one, second.sql), (&one, &two)] {
                            let one = Text { sql: one, as_in: None, ..*first };
                            let two = Text { sql: two, as_in: None, ..*second };
                            if two.is_instance_of(&one, names, every)
                                && matches!(one.proof(names, every), Ok(Proof::Exact))
                            {
                                accepted.set(accepted.get() + 1);
                                assert!(two.proof(names, every).is_ok(), "{case}: {}\n{}", one.sql, two.sql);
                            }
                        }
                    }
                }
            }
        });
        assert!(accepted.get() > 500, "{} accepted", accepted.get());
    }

    #[test]
    fn each_period_after_the_first_is_an_instance() {
        in_all(|case, families, names, every| {
            assert!(families.len() >= 10, "{case}: {} families", families.len());
            for family in families {
                assert!(family[0].proof(names, every).is_ok(), "{case}: {}", family[0].sql);
                for other in &family[1..] {
                    assert!(other.is_instance_of(&family[0], names, every), "{case}: {}", other.sql);
                }
            }
        });
    }
}

//! Verifies texts against the claims of a compilation, one by one.

use std::collections::BTreeMap;

use minijinja::Value;

use crate::Compilation;
use crate::artifacts::Artifacts;
use crate::cycle::plan::{Scope, Verb};
use crate::cycle::render::{self, Owner, Renderer};
use crate::diagnostic::{Diagnostics, Sink};
use crate::project::naming::SWEEP;
use crate::project::{Spec, TableId};
use crate::source::Inputs;
use crate::verify::names::Names;
use crate::verify::planned::Planned;
use crate::verify::{Effect, every_period, place, prove};

/// Decides whether a text does what a statement of a compilation claims.
///
/// The text may have another form than the compiled statement. It must have the same meaning: see
/// `docs/explanation/how-verify-works.md`. A text names relations by their real names.
///
/// ```
/// # let inputs = rowkeep::Inputs::new("rowkeep.yml", "name: shop\ndialect: duckdb\nschema: s\nperiods: [2025]\nexceptions: x\ntables:\n- {model: mart, history: hist, unique_key: id, time: {column: day}, rows: latest, retention: {for: 90 days}, exception: GAP, columns: {id: bigint, day: date}}\n");
/// let compilation = rowkeep::compile(&inputs).unwrap();
/// let verifier = compilation.verifier();
/// let trim = "compiled/mart/09_trim__2025.sql";
/// assert!(verifier.verify(trim, compilation.get(trim).unwrap()).unwrap().is_ok());
///
/// // This trim deletes rows without a copy.
/// let unsafe_trim = "DELETE FROM s.mart WHERE day < DATE '2025-01-01'";
/// let errors = verifier.verify(trim, unsafe_trim).unwrap().unwrap_err();
/// assert!(errors.iter().any(|error| error.code().as_str() == "RK410"));
/// ```
#[derive(Debug)]
pub struct Verifier<'c> {
    spec: &'c Spec,
    artifacts: &'c Artifacts,
    names: Names<'c>,
    /// By the path of the artifact.
    statements: BTreeMap<String, Planned<'c>>,
    every: Scope,
}

impl Compilation {
    /// A [`Verifier`] for the statements of this compilation.
    pub fn verifier(&self) -> Verifier<'_> {
        let spec = &self.spec;
        let mut statements = BTreeMap::new();
        for table in &self.plan.tables {
            let model = spec.table(table.table).model.value.as_str();
            let cycle =
                table.load.iter().chain(&table.hooks).map(|step| (format!("compiled/{model}"), &table.cycle, step));
            let sweep = table.sweep.iter().map(|step| (format!("compiled/{SWEEP}/{model}"), &table.nightly, step));
            for (folder, scope, step) in cycle.chain(sweep).filter(|(_, _, step)| step.kind.verb() != Verb::Select) {
                let path = format!("{folder}/{}.sql", step.stem(spec));
                statements.insert(path, Planned::Step { table: table.table, scope, step });
            }
        }
        for definition in &self.plan.definitions {
            statements.insert(format!("ddl/{}", definition.file_name(spec)), Planned::Definition(definition));
        }
        for index in &self.plan.indexes {
            statements.insert(format!("ddl/{}", index.file_name(spec)), Planned::Index(index));
        }
        for grant in &self.plan.grants {
            statements.insert(format!("ddl/{}", grant.file_name(spec)), Planned::Grant(grant));
        }
        Verifier { spec, artifacts: &self.artifacts, names: Names::new(spec), statements, every: every_period(spec) }
    }
}

impl Verifier<'_> {
    /// The paths of the statements that have a claim: those of the cycle, of the sweep and of
    /// `ddl/`. A SELECT only reads, and has none.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.statements.keys().map(String::as_str)
    }

    /// Verifies one text against the claim of the statement with this path. `None` if no statement
    /// with a claim has the path.
    ///
    /// # Errors
    ///
    /// The inner result has the reasons why the text is refused.
    pub fn verify(&self, path: &str, sql: &str) -> Option<Result<(), Diagnostics>> {
        // The text has no marks: it does not come from a template.
        self.judge(path, sql.trim_end(), None)
    }

    /// [`Verifier::verify`] for a template in place of the built-in one, for fuzz targets: they
    /// need the verdict without a whole compilation.
    #[doc(hidden)]
    pub fn verify_template(&self, path: &str, template: &str) -> Option<Result<(), Diagnostics>> {
        let Planned::Step { table, scope, step } = self.statements.get(path)? else { return None };
        let inputs = Inputs::new("rowkeep.yml", "").with_template(step.kind.template(), template);
        let shared = render::context::table(self.spec, *table, scope);
        let mut renderer = Renderer::new(self.spec, render::overrides(&inputs));
        match renderer.step(Owner::Hook(*table), *table, &shared, step) {
            Ok(named) => self.judge(path, &named.sql, Some(&named.marks)),
            Err(diagnostic) => {
                let mut sink = Sink::default();
                sink.push(*diagnostic);
                Some(sink.finish(Some(())))
            }
        }
    }

    /// The verdict about each statement that becomes another one by a template in place of the
    /// built-in one, for tests: they need the verdicts without a compilation.
    #[doc(hidden)]
    pub fn verify_override(&self, name: &str, template: &str) -> Vec<(&str, Result<(), Diagnostics>)> {
        let inputs = Inputs::new("rowkeep.yml", "").with_template(name, template);
        let mut renderer = Renderer::new(self.spec, render::overrides(&inputs));
        // The statements of a table share a context.
        let mut shared: BTreeMap<(TableId, *const Scope), Value> = BTreeMap::new();
        let mut verdicts = Vec::new();
        // Most templates are part of few statements.
        let users = render::users(name);
        for (path, statement) in self.statements.iter().filter(|(_, one)| users.contains(one.template())) {
            let rendered = match statement {
                Planned::Step { table, scope, step } => {
                    let context = shared
                        .entry((*table, std::ptr::from_ref(*scope)))
                        .or_insert_with(|| render::context::table(self.spec, *table, scope));
                    renderer.step(Owner::Hook(*table), *table, context, step)
                }
                Planned::Definition(definition) => {
                    let context = renderer.shared(definition);
                    renderer.definition(&context, definition)
                }
                Planned::Index(index) => renderer.index(index),
                Planned::Grant(grant) => renderer.grant(grant),
            };
            let is_same = |sql: &str| {
                let built_in = self.artifacts.get(path).unwrap_or_default();
                sql == built_in.trim_end()
                    || sql.split_whitespace().flat_map(str::chars).eq(built_in.split_whitespace().flat_map(str::chars))
            };
            match rendered {
                Ok(named) if is_same(&named.sql) => {}
                Ok(named) => {
                    let verdict = self.judge(path, &named.sql, Some(&named.marks));
                    verdicts.extend(verdict.map(|verdict| (path.as_str(), verdict)));
                }
                Err(diagnostic) => {
                    let mut sink = Sink::default();
                    sink.push(*diagnostic);
                    verdicts.push((path, sink.finish(Some(()))));
                }
            }
        }
        verdicts
    }

    fn judge(&self, path: &str, sql: &str, marks: Option<&[usize]>) -> Option<Result<(), Diagnostics>> {
        let planned = *self.statements.get(path)?;
        let name = path.trim_end_matches(".sql");
        let mut sink = Sink::default();
        let claim = || planned.claim(&self.names, &self.every);
        for refusal in prove(&self.names, &Effect::of(planned, marks), sql, claim).err().unwrap_or_default() {
            let diagnostic = refusal.diagnose(name, sql, planned.template(), None);
            sink.push(diagnostic.anchored(place(self.spec, planned.writes())));
        }
        Some(sink.finish(Some(())))
    }
}

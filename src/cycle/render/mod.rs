//! Renders the SQL of each step. Each kind of statement has one template. Every value passes a
//! quoting filter.

pub(crate) mod context;
mod origin;
mod templates;
pub(crate) mod value;
pub(crate) mod vocabulary;

use std::collections::BTreeMap;

use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value};

use crate::cycle::plan::{Definition, DefinitionKind, Grant, Index, Plan, Slot, Step, TablePlan};
use crate::cycle::verb::Verb;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Sink, TextPlace};
use crate::parallel;
use crate::project::{Spec, TableId};
use crate::source::{Inputs, line_range};
pub(crate) use origin::{
    Origin, of_definition as origin_of_definition, of_grant as origin_of_grant, of_index as origin_of_index,
    of_step as origin_of_step,
};
pub(crate) use templates::{built_in, overrides, users};
use vocabulary::Named;
pub(crate) use vocabulary::Owner;
pub(crate) use vocabulary::Vocabulary;

/// The instructions that the template of one statement may run. A valid template for hundreds of
/// periods needs far fewer.
const FUEL: u64 = 2_000_000;
/// The largest depth of nested template calls.
const MAX_DEPTH: usize = 120;

/// Every statement of a project.
#[derive(Debug)]
pub(crate) struct Rendered<'p> {
    pub(crate) tables: Vec<RenderedTable<'p>>,
    pub(crate) definitions: Vec<Statement<'p, Definition>>,
    pub(crate) indexes: Vec<Statement<'p, Index>>,
    pub(crate) grants: Vec<Statement<'p, Grant>>,
}

/// The statements of one table.
#[derive(Debug)]
pub(crate) struct RenderedTable<'p> {
    pub(crate) plan: &'p TablePlan,
    pub(crate) load: Vec<Statement<'p, Step>>,
    pub(crate) hooks: Vec<Statement<'p, Step>>,
    pub(crate) sweep: Vec<Statement<'p, Step>>,
    pub(crate) for_dbt: ForDbt,
}

/// Queries of a table that only dbt runs. Verify does not check them. A project cannot replace
/// their templates.
#[derive(Debug)]
pub(crate) struct ForDbt {
    /// The query of the dbt model, if Rowkeep compiles the load.
    pub(crate) contract: Option<String>,
    /// A dbt test that returns keys with more than one row in the mart, for keys of several
    /// columns. (dbt's own `unique` test reads one column.)
    pub(crate) twice: Option<String>,
}

/// A rendered statement and its step.
#[derive(Debug)]
pub(crate) struct Statement<'p, T> {
    pub(crate) step: &'p T,
    /// The SQL, without a semicolon or newline at the end.
    pub(crate) sql: String,
    /// The same SQL, with names that dbt resolves.
    pub(crate) dbt: String,
    /// The offset of each relation in `sql` that dbt resolves.
    pub(crate) marks: Vec<usize>,
}

/// Renders every statement of a plan.
pub(crate) fn render<'p>(spec: &Spec, plan: &'p Plan, inputs: &Inputs) -> Result<Rendered<'p>, Diagnostics> {
    let overrides = overrides(inputs);
    let start = || Renderer::new(spec, overrides.clone());
    let mut own = start();
    let mut failures = Failures::default();
    templates::check(inputs, &mut failures.sink);
    let tables =
        failures.each(&plan.tables, &mut own, start, |renderer, failures, table| one_table(renderer, failures, table));
    // Adjacent definitions are mostly history tables of one table. They share one context.
    let same_table = |one: &Definition, next: &Definition| {
        let table = one.creates.table();
        table.is_some() && table == next.creates.table()
    };
    let chunks: Vec<&'p [Definition]> = plan.definitions.chunk_by(same_table).collect();
    let definitions = failures.each(&chunks, &mut own, start, |renderer, failures, chunk| {
        let shared = renderer.shared(&chunk[0]);
        let one = |definition: &'p Definition| {
            let rendered = renderer.definition(&shared, definition);
            failures.keep(definition, definition.template(), rendered)
        };
        chunk.iter().map(one).collect::<Vec<_>>()
    });
    let indexes = failures.each(&plan.indexes, &mut own, start, |renderer, failures, index| {
        let rendered = renderer.index(index);
        failures.keep(index, index.template(), rendered)
    });
    let grants = failures.each(&plan.grants, &mut own, start, |renderer, failures, grant| {
        let rendered = renderer.grant(grant);
        failures.keep(grant, grant.template(), rendered)
    });
    let definitions = definitions.into_iter().flatten().collect();
    failures.finish(Rendered { tables, definitions, indexes, grants })
}

/// Renders the statements of one table.
fn one_table<'p>(renderer: &mut Renderer<'_>, failures: &mut Failures, table: &'p TablePlan) -> RenderedTable<'p> {
    let spec = renderer.spec;
    let cycle = context::table(spec, table.table, &table.cycle);
    let nightly = context::table(spec, table.table, &table.nightly);
    let found = spec.table(table.table);
    let mut query = |owner: Owner, template: &'static str| {
        let rendered = renderer.query(owner, template, &cycle);
        failures.keep(&(), template, rendered).dbt
    };
    let for_dbt = ForDbt {
        contract: found.load.as_ref().map(|_| query(Owner::Hook(table.table), "dbt/contract.sql.j2")),
        twice: (found.unique_key.len() > 1).then(|| query(Owner::Query, "dbt/twice.sql.j2")),
    };
    let mut all = |owner: Owner, shared: &Value, steps: &'p [Step]| -> Vec<Statement<'p, Step>> {
        let one = |step: &'p Step| {
            let rendered = renderer.step(owner, table.table, shared, step);
            failures.keep(step, step.kind.template(), rendered)
        };
        steps.iter().map(one).collect()
    };
    let hook = Owner::Hook(table.table);
    RenderedTable {
        plan: table,
        load: all(hook, &cycle, &table.load),
        hooks: all(hook, &cycle, &table.hooks),
        sweep: all(Owner::Operation, &nightly, &table.sweep),
        for_dbt,
    }
}

/// The comment at the start of a statement.
fn comment(step: &Step) -> String {
    format!("-- {}: {}\n", step.kind.step().as_str(), step.kind.reason())
}

/// The render errors. One template renders many statements, so each template is reported once.
#[derive(Default)]
pub(crate) struct Failures {
    sink: Sink,
    /// At most one for each template, in the order of the statements.
    of_templates: Vec<(&'static str, Diagnostic)>,
}

impl Failures {
    /// Renders many items on all processors: with `own`, and with others from `start`.
    pub(crate) fn each<'p, T: Sync, W, R: Send>(
        &mut self,
        items: &'p [T],
        own: &mut W,
        start: impl Fn() -> W + Sync,
        render: impl Fn(&mut W, &mut Failures, &'p T) -> R + Sync,
    ) -> Vec<R> {
        let rendered = parallel::map(items, own, start, |renderer, item| {
            let mut failures = Failures::default();
            let rendered = render(renderer, &mut failures, item);
            (rendered, failures.of_templates)
        });
        let keep = |(rendered, failed): (R, Vec<(&'static str, Diagnostic)>)| {
            failed.into_iter().for_each(|(template, diagnostic)| self.report(template, diagnostic));
            rendered
        };
        rendered.into_iter().map(keep).collect()
    }

    fn report(&mut self, template: &'static str, diagnostic: Diagnostic) {
        if self.of_templates.iter().all(|(reported, _)| *reported != template) {
            self.of_templates.push((template, diagnostic));
        }
    }

    /// The statement. If rendering failed, reports the error and returns an empty statement.
    pub(crate) fn keep<'p, T>(
        &mut self,
        step: &'p T,
        template: &'static str,
        rendered: Result<Named, Box<Diagnostic>>,
    ) -> Statement<'p, T> {
        let Named { sql, dbt, marks } = rendered.unwrap_or_else(|diagnostic| {
            self.report(template, *diagnostic);
            Named::default()
        });
        Statement { step, sql, dbt, marks }
    }

    /// The rendered statements, or every render error.
    pub(crate) fn finish<T>(mut self, rendered: T) -> Result<T, Diagnostics> {
        self.of_templates.into_iter().for_each(|(_, diagnostic)| self.sink.push(diagnostic));
        self.sink.finish(Some(rendered))
    }

    /// The text with its marks. If rendering failed, reports the error and returns an empty text.
    pub(crate) fn keep_text(&mut self, template: &'static str, rendered: Result<String, Box<Diagnostic>>) -> String {
        rendered.unwrap_or_else(|diagnostic| {
            self.report(template, *diagnostic);
            String::new()
        })
    }
}

/// The templates of a project in its dialect.
#[derive(Debug)]
pub(crate) struct Renderer<'a> {
    spec: &'a Spec,
    pub(crate) environment: Environment<'static>,
    /// The built-in templates alone, for queries: no claim proves what a query finds. `None` if the
    /// project replaces no template.
    built_in: Option<Environment<'static>>,
    vocabulary: Vocabulary<'a>,
}

impl<'a> Renderer<'a> {
    /// The built-in templates, with the overrides of the project.
    pub(crate) fn new(spec: &'a Spec, overrides: BTreeMap<String, String>) -> Self {
        let built_in = (!overrides.is_empty()).then(|| Self::environment(spec, BTreeMap::new()));
        let environment = Self::environment(spec, overrides);
        Self { spec, environment, built_in, vocabulary: Vocabulary::new(spec) }
    }

    fn environment(spec: &Spec, overrides: BTreeMap<String, String>) -> Environment<'static> {
        let mut environment = Environment::empty();
        // The formatter writes only values that a filter has quoted. Autoescape is on so that the
        // output of a macro keeps its mark as quoted.
        environment.set_auto_escape_callback(|_| AutoEscape::Custom("sql".into()));
        environment.set_formatter(value::write_quoted);
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_debug(true);
        environment.set_fuel(Some(FUEL));
        environment.set_recursion_limit(MAX_DEPTH);
        environment.set_syntax(
            minijinja::syntax::SyntaxConfig::builder()
                .trim_blocks(true)
                .lstrip_blocks(true)
                .build()
                .expect("the default delimiters"),
        );
        value::add_filters(&mut environment, spec.dialect);
        let dialect = spec.dialect;
        environment.set_loader(move |name| Ok(templates::find(name, dialect, &overrides)));
        environment
    }

    /// The statement of a step, without a trailing newline.
    pub(crate) fn step(
        &mut self,
        owner: Owner,
        table: TableId,
        shared: &Value,
        step: &Step,
    ) -> Result<Named, Box<Diagnostic>> {
        let context = context::step(self.spec, table, shared, step);
        let is_query = step.kind.verb() == Verb::Select;
        let environment = self.built_in.as_ref().filter(|_| is_query).unwrap_or(&self.environment);
        let marked = self.render_in(environment, step.kind.template(), &|| step.stem(self.spec), context)?;
        self.name(owner, step.kind.template(), &|| step.stem(self.spec), &comment(step), &marked)
    }

    /// The statement of a definition, without a trailing newline.
    pub(crate) fn definition(&mut self, shared: &Value, definition: &Definition) -> Result<Named, Box<Diagnostic>> {
        let context = context::definition(self.spec, shared, definition);
        let kind = || definition.kind.as_str().to_owned();
        let marked = self.render(definition.template(), &kind, context)?;
        self.name(Owner::Operation, definition.template(), &kind, "", &marked)
    }

    /// The statement of an index, without a trailing newline.
    pub(crate) fn index(&mut self, index: &Index) -> Result<Named, Box<Diagnostic>> {
        let kind = || DefinitionKind::Index.as_str().to_owned();
        let marked = self.render(index.template(), &kind, context::index(self.spec, index))?;
        self.name(Owner::Operation, index.template(), &kind, "", &marked)
    }

    /// The statement of a grant, without a trailing newline.
    pub(crate) fn grant(&mut self, grant: &Grant) -> Result<Named, Box<Diagnostic>> {
        let kind = || DefinitionKind::Grant.as_str().to_owned();
        let marked = self.render(grant.template(), &kind, context::grant(self.spec, grant))?;
        self.name(Owner::Operation, grant.template(), &kind, "", &marked)
    }

    /// A query that only dbt runs.
    pub(crate) fn query(&mut self, owner: Owner, template: &str, context: &Value) -> Result<Named, Box<Diagnostic>> {
        let name = || template.to_owned();
        let environment = self.built_in.as_ref().unwrap_or(&self.environment);
        let marked = self.render_in(environment, template, &name, context.clone())?;
        self.name(owner, template, &name, "", &marked)
    }

    /// The context that the definitions of a table share.
    pub(crate) fn shared(&self, definition: &Definition) -> Value {
        match definition.creates {
            Slot::Exceptions(id) | Slot::Erased(id) => context::exceptions(self.spec, id),
            slot => slot.table().map_or(Value::UNDEFINED, |table| context::every_period(self.spec, table)),
        }
    }

    /// The text with its marks, without a newline at the end.
    pub(crate) fn render(
        &self,
        template: &str,
        statement: &dyn Fn() -> String,
        context: Value,
    ) -> Result<String, Box<Diagnostic>> {
        self.render_in(&self.environment, template, statement, context)
    }

    fn render_in(
        &self,
        environment: &Environment<'static>,
        template: &str,
        statement: &dyn Fn() -> String,
        context: Value,
    ) -> Result<String, Box<Diagnostic>> {
        let mut out = value::Bounded::default();
        let rendered =
            environment.get_template(template).and_then(|found| found.render_captured_to(context, &mut out).map(drop));
        match rendered.and_then(|()| out.into_string()) {
            Ok(mut text) => {
                text.truncate(text.trim_end().len());
                Ok(text)
            }
            Err(error) => Err(Box::new(self.diagnose(template, &statement(), &error))),
        }
    }

    /// The rendered text in both vocabularies.
    pub(crate) fn name(
        &mut self,
        owner: Owner,
        template: &str,
        statement: &dyn Fn() -> String,
        comment: &str,
        marked: &str,
    ) -> Result<Named, Box<Diagnostic>> {
        self.vocabulary.name(owner, comment, marked, value::MAX_STATEMENT).map_err(|why| {
            let found = self.environment.get_template(template).ok();
            let source = found.as_ref().map_or("", |found| found.source());
            let place = TextPlace::new(format!("templates/{template}"), source, line_range(source, 1));
            let message = format!("the template of {} {why}", statement());
            Box::new(Diagnostic::in_text(Code::Template, message, place, "in this template, or in one that it imports"))
        })
    }

    fn diagnose(&self, template: &str, statement: &str, error: &Error) -> Diagnostic {
        let name = error.name().unwrap_or(template).to_owned();
        let source = error.template_source().unwrap_or_default();
        // The message of the library ends with the place. The snippet shows the place already.
        let message = error.to_string();
        let message = message.split(" (in ").next().unwrap_or_default();
        let why = match error.kind() {
            ErrorKind::OutOfFuel => "does not end".to_owned(),
            _ => {
                let message = message.strip_prefix("invalid operation: ").unwrap_or(message);
                format!("cannot be rendered: {}", vocabulary::with_names(self.spec, message))
            }
        };
        let range = error.range().unwrap_or_else(|| line_range(source, error.line().unwrap_or(1)));
        let message = format!("the template of {statement} {why}");
        let place = TextPlace::new(format!("templates/{name}"), source, range);
        let diagnostic = Diagnostic::in_text(Code::Template, message, place, "here");
        if error.kind() == ErrorKind::InvalidOperation {
            return diagnostic
                .help("pass every value through a filter: `full`, `bare`, `name`, `of`, `type` or `literal`");
        }
        diagnostic
    }
}

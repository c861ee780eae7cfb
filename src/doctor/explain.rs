//! Lets the server plan every statement of a project. The tables of the project need not exist:
//! they are created in new schemas, without rows.
//!
//! Invariant: nothing is committed. Each transaction is rolled back.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::artifacts::Artifacts;
use crate::artifacts::manifest::{Definition, Manifest};
use crate::connect::Connection;
use crate::cycle::plan::{DefinitionKind, Plan, Slot};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Sink};
use crate::doctor::live::{self, Reader, slots};
use crate::error::Error;
use crate::features::monitors::Asks;
use crate::features::{self, Operations};
use crate::project::{Column, Filled, Spec, TableId};
use crate::source::Span;
use crate::sql::Relation;
use crate::sql::relocate::relocate;

/// The result of [`explain`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Explained {
    /// An error for each statement that the server refused. Statements that differ only in their
    /// period, and get the same answer, have one error.
    pub findings: Diagnostics,
    /// The name of the database.
    pub database: String,
    /// The number of statements that the server was given.
    pub statements: usize,
    /// The number of statements that were not planned, because the server refused a table.
    pub not_planned: usize,
}

/// A statement to be planned, or to be run if it creates a table.
struct Statement<'a> {
    /// The path of its artifact, or the name of a table that the project does not create.
    path: Cow<'a, str>,
    sql: Cow<'a, str>,
    /// The line of the project that it comes from.
    from: Span,
    /// What it has in common with the statements of other periods: its model and step.
    kind: String,
    /// Whether it is a definition, which runs.
    creates: bool,
}

/// Lets the server plan each statement of the cycle, of the sweep, of the monitors and of the raw
/// trims, and lets it run the statements of `ddl/`, in new schemas that are rolled back. This shows
/// whether the engine accepts the statements, before the first table exists. The role needs the
/// right to create schemas. Grants are left out.
///
/// `url`, `password`, `spec`, `artifacts` and `progress` are as in [`doctor`](super::doctor).
///
/// # Errors
///
/// The database does not answer, it is another engine than that of the project, or the role may not
/// create a schema.
pub fn explain(
    spec: &Spec,
    artifacts: &Artifacts,
    (url, password): (&str, Option<&str>),
    progress: &mut dyn FnMut(&str),
) -> Result<Explained, Error> {
    let mut connection = super::connect(spec, url, password)?;
    let database = live::server(spec, &mut Reader::new(spec, &mut connection, progress))?;
    let plan = crate::cycle::plan::plan(spec);
    let operations = features::plan(spec, &plan);
    let scratch = Scratch::new(spec, &plan, &operations, &mut connection)?;
    let manifest = artifacts.manifest();
    let (tables, others) = definitions(spec, &plan, manifest);
    let rest = others.into_iter().chain(hooks(spec, manifest));
    let refused = scratch.refused(&mut connection, &tables, progress)?;
    // Without a table, the statements that name it would fail too.
    if !refused.is_empty() {
        let (statements, not_planned) = (tables.len(), rest.count());
        return Ok(Explained { findings: report(&refused), database, statements, not_planned });
    }
    let all: Vec<_> = tables.into_iter().chain(rest).collect();
    let refused = scratch.refused(&mut connection, &all, progress)?;
    Ok(Explained { findings: report(&refused), database, statements: all.len(), not_planned: 0 })
}

/// The new schemas.
struct Scratch<'s> {
    spec: &'s Spec,
    /// The folded parts of each relation.
    relations: BTreeSet<Vec<String>>,
    /// The new schema of each schema, by its folded parts.
    schemas: BTreeMap<Vec<String>, String>,
}

impl<'s> Scratch<'s> {
    fn new(spec: &'s Spec, plan: &Plan, operations: &Operations, connection: &mut Connection) -> Result<Self, Error> {
        let process = connection.rows("SELECT pg_backend_pid()")?.into_iter().flatten().flatten().next();
        let process = process.unwrap_or_default();
        let marts = spec.tables().map(|(id, _)| Slot::Mart(id));
        let all = slots(spec, plan, operations).into_iter().chain(marts);
        let relations: BTreeSet<Vec<String>> = all.map(|slot| slot.relation(spec).folded(spec.dialect)).collect();
        let of = |relation: &Vec<String>| relation[..relation.len() - 1].to_vec();
        let schemas: BTreeSet<Vec<String>> = relations.iter().map(of).collect();
        let named = schemas.into_iter().enumerate();
        let schemas = named.map(|(number, schema)| (schema, format!("rowkeep_explain_{process}_{number}"))).collect();
        Ok(Self { spec, relations, schemas })
    }

    /// A statement with the new schemas.
    fn moved(&self, sql: &str) -> String {
        let new_schema = |parts: &[String]| {
            let (_, schema) = parts.split_last()?;
            self.relations.contains(parts).then(|| self.schemas.get(schema).cloned()).flatten()
        };
        // Invariant: what was compiled can be parsed.
        relocate(sql, self.spec.dialect, &new_schema).unwrap_or_default()
    }

    /// The answer of the server, with the schemas of the project.
    fn with_old_schemas(&self, why: String) -> String {
        self.schemas.iter().fold(why, |why, (schema, name)| why.replace(name, &schema.join(".")))
    }

    /// The statements that the server refuses, each with its answer. An error ends the transaction,
    /// so the tables are created again for the statements that follow.
    fn refused<'a>(
        &self,
        connection: &mut Connection,
        statements: &'a [Statement<'a>],
        progress: &mut dyn FnMut(&str),
    ) -> Result<Vec<(&'a Statement<'a>, String)>, Error> {
        let (mut next, mut failed, mut refused) = (0, BTreeSet::new(), Vec::new());
        while let Some((at, why)) = self.session(connection, statements, &mut next, &failed, progress)? {
            failed.insert(at);
            refused.push((&statements[at], why));
        }
        Ok(refused)
    }

    /// Gives the server the statements from `next` on, in one transaction, until it refuses one.
    /// Returns the number of that statement and the answer. Definitions run again in each session,
    /// except those that failed.
    fn session(
        &self,
        connection: &mut Connection,
        statements: &[Statement<'_>],
        next: &mut usize,
        failed: &BTreeSet<usize>,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Option<(usize, String)>, Error> {
        connection.run("BEGIN")?;
        for name in self.schemas.values() {
            connection.run(&format!("CREATE SCHEMA \"{name}\"")).map_err(|error| match error {
                Error::Engine { engine, why } => {
                    let why = format!("{why}; --explain creates new schemas, so the role needs CREATE on the database");
                    Error::Engine { engine, why }
                }
                other => other,
            })?;
        }
        let mut refused = None;
        for (at, statement) in statements.iter().enumerate() {
            if failed.contains(&at) || (at < *next && !statement.creates) {
                continue;
            }
            progress(&statement.path);
            let sql = self.moved(&statement.sql);
            let answer = match statement.creates {
                true => connection.run(&sql),
                false => connection.rows(&format!("EXPLAIN {sql}")).map(drop),
            };
            *next = (*next).max(at + 1);
            match answer {
                Ok(()) => {}
                Err(Error::Engine { why, .. }) => {
                    refused = Some((at, self.with_old_schemas(why)));
                    break;
                }
                Err(other) => return Err(other),
            }
        }
        connection.run("ROLLBACK")?;
        Ok(refused)
    }
}

/// The tables that a project expects: raw tables, what monitors compare with, and marts with a
/// column that the database computes.
fn given<'s>(spec: &'s Spec) -> Vec<Statement<'static>> {
    let dialect = spec.dialect;
    let mut tables: BTreeMap<String, (TableId, Vec<&'s Column>)> = BTreeMap::new();
    let mut add = |relation: &Relation, of: TableId, columns: &mut dyn Iterator<Item = &'s Column>| {
        tables.entry(relation.sql(dialect)).or_insert((of, Vec::new())).1.extend(columns);
    };
    for (id, table) in spec.tables() {
        if let Some(raw) = &table.raw {
            add(raw, id, &mut table.columns.iter().chain(&table.raw_columns));
        }
        if table.has_filled(Filled::Generated) {
            add(&table.relation, id, &mut table.columns.iter());
        }
    }
    for monitor in spec.monitors() {
        if let Asks::Compare { with, .. } = &monitor.asks {
            add(with, monitor.table, &mut spec.table(monitor.table).columns.iter());
        }
    }
    let create = tables.into_iter().map(|(relation, (of, columns))| {
        let mut seen = BTreeSet::new();
        let new = columns.into_iter().filter(|column| seen.insert(column.name.folded(dialect)));
        let columns: Vec<_> = new.map(|one| format!("{} {}", one.name.sql(dialect), one.ty.sql(dialect))).collect();
        let sql = format!("CREATE TABLE {relation} ({})", columns.join(", "));
        let (kind, from) = (tables_of(spec, of), spec.table(of).model.span);
        Statement { kind, path: relation.into(), sql: sql.into(), from, creates: true }
    });
    create.collect()
}

/// The kind of the statements that create tables of a model.
fn tables_of(spec: &Spec, id: TableId) -> String {
    format!("tables of {}", spec.table(id).model.value.as_str())
}

/// The statements that create tables, and those that create indexes and views.
fn definitions<'a>(spec: &Spec, plan: &Plan, manifest: &'a Manifest) -> (Vec<Statement<'a>>, Vec<Statement<'a>>) {
    let defined = plan.definitions.iter().map(|one| (one.file_name(spec), one.creates));
    let of_files: BTreeMap<_, _> =
        defined.chain(plan.indexes.iter().map(|one| (one.file_name(spec), one.on))).collect();
    let definition = |one: &'a Definition| {
        let slot = one.path.rsplit('/').next().and_then(|file| of_files.get(file));
        let from = slot.and_then(|slot| slot.table()).map_or(spec.places.periods, |id| spec.table(id).model.span);
        Statement {
            path: one.path.as_str().into(),
            sql: one.sql.as_str().into(),
            from,
            // The tables of a model have the same columns, so one error is enough.
            kind: slot.and_then(|slot| slot.table()).map_or_else(|| one.path.clone(), |id| tables_of(spec, id)),
            creates: true,
        }
    };
    let later = [DefinitionKind::View.as_str(), DefinitionKind::Index.as_str()];
    let created = manifest.ddl.iter().filter(|one| one.kind != DefinitionKind::Grant.as_str());
    let (tables, others): (Vec<_>, Vec<_>) = created.partition(|one| !later.contains(&one.kind));
    let tables = given(spec).into_iter().chain(tables.into_iter().map(definition)).collect();
    (tables, others.into_iter().map(definition).collect())
}

/// The statements of the cycle, of the sweep, of the raw trims and of the monitors.
fn hooks<'a>(spec: &Spec, manifest: &'a Manifest) -> Vec<Statement<'a>> {
    let line_of = |model: &str| {
        let found = spec.tables().find(|(_, table)| table.model.value.as_str() == model);
        found.map_or(spec.places.periods, |(_, table)| table.model.span)
    };
    let mut all: Vec<Statement<'a>> = Vec::new();
    let mut add = |path: &'a str, sql: &'a str, from: Span, kind: String| {
        all.push(Statement { path: path.into(), sql: sql.into(), from, kind, creates: false });
    };
    let of_nodes = manifest.order.iter().map(|id| &manifest.nodes[id]);
    let of_nodes = of_nodes.flat_map(|node| [(&node.name, &node.load), (&node.name, &node.post_hooks)]);
    let of_sweep = manifest.sweep.iter().map(|sweep| (&sweep.model, &sweep.post_hooks));
    for (model, hooks) in of_nodes.chain(of_sweep) {
        for hook in hooks {
            let step = hook.name.split("__").next().unwrap_or(&hook.name);
            add(&hook.path, &hook.sql, line_of(model), format!("{step} of {model}"));
        }
    }
    let trims = manifest.raw_trims.iter().map(|trim| &trim.statement);
    let monitors = manifest.monitors.iter();
    let monitors = monitors.flat_map(|one| std::iter::once(&one.find).chain(&one.record).chain(&one.resolve));
    for one in trims.chain(monitors).filter(|one| one.parameters.is_empty()) {
        add(&one.path, &one.sql, spec.places.periods, one.name.clone());
    }
    all
}

/// One error for the statements of one kind that got one answer.
fn report(refused: &[(&Statement<'_>, String)]) -> Diagnostics {
    let mut groups: Vec<(&Statement<'_>, &str, usize)> = Vec::new();
    for (statement, why) in refused {
        match groups.iter_mut().find(|(first, other, _)| first.kind == statement.kind && other == why) {
            Some((.., count)) => *count += 1,
            None => groups.push((statement, why, 1)),
        }
    }
    let mut sink = Sink::default();
    for (first, why, count) in groups {
        let more = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
        let message = format!("the database refuses {}{more}: {why}", first.path);
        sink.push(
            Diagnostic::new(Code::LiveRefused, message, first.from, "compiled from here")
                .help("check the types and names of the columns; if the statement is wrong for this engine, report it"),
        );
    }
    sink.into_findings()
}

//! Builds all artifacts as a map from path to contents. Writes no files.

pub(crate) mod checksum;
pub mod manifest;

use std::collections::BTreeMap;

use crate::cycle::plan::{DefinitionKind, Slot, Step, Verb};
use crate::cycle::render::{Statement, Vocabulary};
use crate::features::{self, dbt, runbooks, schedule};
use crate::project::Spec;
use crate::project::naming::SWEEP;
use crate::source::Inputs;
use crate::sql::Relation;
use crate::verify::Compiled;

pub(crate) use checksum::checksum;
use manifest::{Definition, Hook, Manifest, Sweep};

/// The path of the manifest.
pub const MANIFEST: &str = "manifest.json";

/// The folders of the other artifacts.
pub const FOLDERS: [&str; 8] = ["airflow", "compiled", "dbt", "ddl", "loads", "maintenance", "monitors", "runbooks"];

/// The result of a compilation: files by path, below the `out:` of the project, and the manifest
/// that describes them.
#[derive(Clone, Debug)]
pub struct Artifacts {
    files: BTreeMap<String, String>,
    manifest: Manifest,
}

impl Artifacts {
    /// The contents of all files, sorted by path. Paths use `/`. Lines end with LF.
    pub fn files(&self) -> &BTreeMap<String, String> {
        &self.files
    }

    /// The contents of one file.
    pub fn get(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// The manifest, which lists the statements in run order.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }
}

/// Assigns each compiled statement to a file, and builds the manifest.
pub(crate) fn emit(
    spec: &Spec,
    compiled: Compiled<'_>,
    operations: features::Rendered<'_>,
    inputs: &Inputs,
) -> Artifacts {
    let rendered = compiled.into_statements();
    let mut names = Vocabulary::new(spec);
    let mut files = BTreeMap::new();
    let mut nodes = BTreeMap::new();
    let mut sweep = Vec::new();
    let mut order = Vec::new();
    let mut for_dbt = Vec::new();
    for table in rendered.tables {
        let model = spec.table(table.plan.table).model.value.as_str();
        let mut hooks = |statements: Vec<Statement<'_, Step>>, folder: &str| -> Vec<Hook> {
            statements.into_iter().map(|statement| hook(spec, &mut names, statement, folder, &mut files)).collect()
        };
        let folder = format!("compiled/{model}");
        let (load, post_hooks) = (hooks(table.load, &folder), hooks(table.hooks, &folder));
        sweep.push(Sweep {
            model: model.to_owned(),
            post_hooks: hooks(table.sweep, &format!("compiled/{SWEEP}/{model}")),
        });
        let id = spec.unique_id(table.plan.table);
        nodes.insert(id.clone(), manifest::node(spec, table.plan.table, load, post_hooks));
        order.push(id);
        for_dbt.push((table.plan.table, table.for_dbt));
    }
    let mut creations: BTreeMap<_, Vec<_>> = BTreeMap::new();
    let mut ddl = Vec::new();
    let mut define = |kind: DefinitionKind, on: Slot, relation: &Relation, file: String, sql: String, dbt: String| {
        creations.entry(on.table()).or_default().push(dbt::Creation { kind, on, sql: dbt });
        let path = format!("ddl/{file}");
        files.insert(path.clone(), format!("{sql}\n"));
        let (name, relation) = (relation.name().as_str().to_owned(), relation.sql(spec.dialect));
        ddl.push(Definition { name, kind: kind.as_str(), relation, sql, path });
    };
    for Statement { step: definition, sql, dbt, .. } in rendered.definitions {
        let (creates, file) = (definition.creates, definition.file_name(spec));
        define(definition.kind, creates, &creates.relation(spec), file, sql, dbt);
    }
    for Statement { step: index, sql, dbt, .. } in rendered.indexes {
        define(DefinitionKind::Index, index.on, &index.relation(spec), index.file_name(spec), sql, dbt);
    }
    for Statement { step: grant, sql, dbt, .. } in rendered.grants {
        define(DefinitionKind::Grant, grant.on, &grant.on.relation(spec), grant.file_name(spec), sql, dbt);
    }
    let (emitted, books) = features::emit(spec, &mut names, operations, &mut files);
    let models = for_dbt.into_iter().zip(&order).zip(&sweep).map(|(((table, texts), id), sweep)| dbt::Model {
        table,
        node: &nodes[id],
        sweep: &sweep.post_hooks,
        creations: creations.remove(&Some(table)).unwrap_or_default(),
        repairs: emitted.repairs.iter().filter(|(owner, _)| *owner == Some(table)).map(|(_, repair)| repair).collect(),
        texts,
    });
    let models: Vec<_> = models.collect();
    if !models.is_empty() {
        dbt::monitors::emit(&emitted.monitors, &mut files);
        dbt::emit(spec, &mut names, &models, &creations.remove(&None).unwrap_or_default(), &mut files);
    }
    let mut manifest = Manifest {
        rowkeep_schema_version: 1,
        metadata: manifest::metadata(spec, inputs),
        periods: manifest::periods(spec),
        order,
        nodes,
        sweep,
        ddl,
        raw_trims: emitted.raw_trims,
        monitors: emitted.monitors,
        maintenance: emitted.maintenance,
        repairs: emitted.repairs.into_iter().map(|(_, repair)| repair).collect(),
        loads: emitted.loads,
        files: Vec::new(),
    };
    schedule::emit(spec, &manifest, &mut files);
    runbooks::emit(books, &manifest, &mut files);
    manifest.files = files.keys().cloned().chain([MANIFEST.to_owned()]).collect();
    manifest.files.sort();
    files.insert(MANIFEST.to_owned(), manifest.to_json());
    Artifacts { files, manifest }
}

fn hook(
    spec: &Spec,
    names: &mut Vocabulary<'_>,
    statement: Statement<'_, Step>,
    folder: &str,
    files: &mut BTreeMap<String, String>,
) -> Hook {
    let step = statement.step;
    let name = step.stem(spec);
    let path = format!("{folder}/{name}.sql");
    files.insert(path.clone(), format!("{}\n", statement.sql));
    let mut written = |slot: Slot| names.full(slot).to_owned();
    Hook {
        step: step.kind.step().as_str(),
        period: step.period.map(|period| spec.period(period).name.clone()),
        name,
        checksum: checksum([statement.sql.as_str()]),
        sql: statement.sql,
        dbt_sql: statement.dbt,
        transaction: true,
        reads: step.reads.iter().map(|&slot| written(slot)).collect(),
        writes: if step.kind.verb() == Verb::Select { Vec::new() } else { vec![written(step.writes)] },
        path,
    }
}

//! What stands in a database.

use std::collections::{BTreeMap, BTreeSet};

use crate::artifacts::manifest::Manifest;
use crate::connect::{Connection, Record};
use crate::cycle::plan::reads_trimmed_raw;
use crate::cycle::plan::{Plan, Slot};
use crate::diagnostic::Diagnostic;
use crate::dialect::Dialect;
use crate::doctor::questions::Questions;
use crate::error::Error;
use crate::features::Operations;
use crate::project::{ExceptionsId, Spec, TableId};
use crate::sql::Relation;

/// Relations by schema and name.
pub(super) type Catalogue = BTreeMap<(String, String), Found>;

/// What was seen.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) database: String,
    pub(super) relations: Catalogue,
    pub(super) views: BTreeMap<(String, String), String>,
    /// In what isolation transactions run; `None` if the server does not say.
    pub(super) isolation: Option<String>,
    /// Whether unsorted shares may be read; `None` where nobody asks.
    pub(super) reads_table_info: Option<bool>,
    pub(super) exceptions: Vec<(ExceptionsId, Vec<Open>)>,
    /// How long ago the last cycle was completed, in seconds, of tables that say so.
    pub(super) cycles: Vec<(TableId, Option<u64>)>,
    /// By relation: the columns of each unique constraint or index.
    pub(super) unique: BTreeMap<(String, String), Vec<Vec<String>>>,
    /// By monitor, in the order of the manifest.
    pub(super) answers: Vec<Answer>,
}

/// What a monitor's question came to.
#[derive(Debug)]
pub(super) enum Answer {
    /// What it found.
    Rows(Vec<Record>),
    /// It was not asked, because of this.
    NotAsked(String),
    /// The database refused it, because of this.
    Refused(String),
}

/// A relation.
#[derive(Debug)]
pub(super) struct Found {
    /// `r` a table, `p` a partitioned one, `v` a view, `m` a materialised one, `f` a foreign one.
    pub(super) kind: String,
    pub(super) columns: Vec<Column>,
    pub(super) is_readable: bool,
}

/// A column of a relation.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) ty: String,
    pub(super) not_null: bool,
}

/// Open exceptions of one type.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) exception_type: Option<String>,
    /// Whether they wait for a sweep: the period of their time is sealed.
    pub(super) is_sealed: bool,
    pub(super) number: u64,
    /// The age of the oldest, in seconds; of those without a time, `None`.
    pub(super) age: Option<u64>,
}

/// Puts questions to a database.
pub(super) struct Asker<'a> {
    questions: Questions<'a>,
    connection: &'a mut Connection,
    asks: &'a mut dyn FnMut(&str),
}

impl<'a> Asker<'a> {
    pub(super) fn new(spec: &'a Spec, connection: &'a mut Connection, asks: &'a mut dyn FnMut(&str)) -> Self {
        Self { questions: Questions::new(spec), connection, asks }
    }

    /// Asks in a transaction of its own that is never committed, and in which PostgreSQL and Redshift refuse whatever writes:
    /// <https://docs.aws.amazon.com/redshift/latest/dg/r_BEGIN.html>.
    fn ask(
        &mut self,
        about: &str,
        question: impl FnOnce(&mut Questions<'a>) -> Result<String, Box<Diagnostic>>,
    ) -> Result<Vec<Record>, Error> {
        let sql = question(&mut self.questions).map_err(|unasked| Error::Usage(unasked.message().to_owned()))?;
        (self.asks)(about);
        self.connection.run("BEGIN READ ONLY")?;
        let answer = self.connection.rows(&sql);
        self.connection.run("ROLLBACK")?;
        answer
    }
}

/// Asks all there is to ask.
pub(super) fn look(
    spec: &Spec,
    plan: &Plan,
    operations: &Operations,
    manifest: &Manifest,
    asker: &mut Asker<'_>,
) -> Result<Live, Error> {
    let server = asker
        .ask("the server", Questions::server)?
        .into_iter()
        .flatten()
        .map(Option::unwrap_or_default)
        .collect::<Vec<_>>();
    let [database, version] = &server[..] else {
        return Err(Error::Usage("the database does not say its name".to_owned()));
    };
    let answers =
        |dialect: &Dialect| dialect.rules().server().is_some_and(|server| version.contains(server.version_mark));
    // Redshift names PostgreSQL too, of which it descends: the first that answers counts.
    let engine = Dialect::ALL.into_iter().find(answers);
    if engine != Some(spec.dialect) {
        let engine = engine.map_or("another engine", Dialect::as_str);
        let message = format!(
            "the database is {engine}, and the project is compiled for {}: `--dialect {engine}` compiles it for the database",
            spec.dialect
        );
        return Err(Error::Usage(message));
    }
    let schemas: BTreeSet<_> =
        slots(spec, plan, operations).iter().map(|slot| slot.relation(spec).schema.folded(spec.dialect)).collect();
    let relations = relations(asker.ask("relations", |questions| questions.relations(&schemas))?);
    let views = asker.ask("views", |questions| questions.views(&schemas))?;
    let mut live = Live {
        database: database.clone(),
        relations,
        views: views.into_iter().filter_map(view).collect(),
        // Who may not ask is told so, and is told all else.
        isolation: asker
            .ask("isolation", Questions::isolation)
            .ok()
            .and_then(|rows| rows.into_iter().flatten().flatten().next()),
        reads_table_info: None,
        unique: BTreeMap::new(),
        exceptions: Vec::new(),
        cycles: Vec::new(),
        answers: Vec::new(),
    };
    // On Redshift, UNIQUE is a remark that nothing enforces.
    if spec.dialect.rules().server().is_some_and(|server| server.enforces_unique) {
        for row in asker.ask("constraints", |questions| questions.unique(&schemas))? {
            let Ok([Some(schema), Some(name), Some(columns)]) = <[_; 3]>::try_from(row) else { continue };
            let columns = columns.split('\n').map(str::to_owned).collect();
            live.unique.entry((schema, name)).or_default().push(columns);
        }
    }
    if spec.dialect.rules().table_info().is_some()
        && spec.maintenance.iter().any(|stated| stated.unsorted_more_than.is_some())
    {
        let said = asker.ask("grants", Questions::table_info)?;
        live.reads_table_info = Some(said.into_iter().flatten().any(|one| one.is_some()));
    }
    for id in (0..spec.exceptions.len()).map(ExceptionsId) {
        let reads = ["exception_type", "detected_at", "resolved_at", "notes"];
        if live.can_read(spec, Slot::Exceptions(id), &reads) {
            let rows = asker.ask("exceptions", |questions| questions.exceptions(id))?;
            live.exceptions.push((id, rows.into_iter().filter_map(open).collect()));
        }
    }
    for (id, _) in spec.tables().filter(|(id, _)| reads_trimmed_raw(spec, *id)) {
        if live.can_read(spec, Slot::Cycles(id), &["completed_at"]) {
            let rows = asker.ask("cycles", |questions| questions.cycles(id))?;
            live.cycles.push((id, rows.into_iter().flatten().next().and_then(|age| age?.parse().ok())));
        }
    }
    for (monitor, planned) in manifest.monitors.iter().zip(&operations.monitors) {
        let answer = if !monitor.find.parameters.is_empty() {
            Answer::NotAsked("as two systems must be asked".to_owned())
        } else if let Some(slot) = planned.find.reads.iter().find(|&&slot| !live.has(spec, slot)) {
            let name = slot.relation(spec).sql(spec.dialect);
            Answer::NotAsked(format!("as {name} is missing or may not be read"))
        } else {
            match asker.ask(&monitor.name, |questions| questions.monitor(&monitor.find.sql)) {
                Ok(rows) => Answer::Rows(rows),
                Err(error) => Answer::Refused(error.to_string()),
            }
        };
        live.answers.push(answer);
    }
    Ok(live)
}

/// Every relation that a project names.
pub(super) fn slots(spec: &Spec, plan: &Plan, operations: &Operations) -> Vec<Slot> {
    let sources = spec.tables().filter(|(_, table)| table.source.is_some()).map(|(id, _)| Slot::Source(id));
    let mut all: Vec<_> = plan.definitions.iter().map(|definition| definition.creates).chain(sources).collect();
    let compared = operations.monitors.iter().flat_map(|monitor| &monitor.find.reads);
    all.extend(compared.filter(|slot| matches!(slot, Slot::Compared(_))));
    all
}

impl Live {
    /// A relation, if it is there. One of another database is not looked at, and counts as one that is not known.
    pub(super) fn find(&self, spec: &Spec, relation: &Relation) -> Option<&Found> {
        self.relations.get(&key(spec, relation))
    }

    /// Whether a relation is in the database that is looked at.
    pub(super) fn is_here(&self, spec: &Spec, relation: &Relation) -> bool {
        relation.database.as_ref().is_none_or(|name| name.folded(spec.dialect) == self.database)
    }

    fn has(&self, spec: &Spec, slot: Slot) -> bool {
        self.can_read(spec, slot, &[])
    }

    fn can_read(&self, spec: &Spec, slot: Slot, columns: &[&str]) -> bool {
        let found = self.find(spec, &slot.relation(spec));
        let has = |found: &Found| columns.iter().all(|name| found.columns.iter().any(|column| column.name == *name));
        found.is_some_and(|found| found.is_readable && has(found))
    }
}

/// By what a relation is looked up.
pub(super) fn key(spec: &Spec, relation: &Relation) -> (String, String) {
    (relation.schema.folded(spec.dialect), relation.name().folded(spec.dialect))
}

fn relations(rows: Vec<Record>) -> Catalogue {
    let mut all = Catalogue::new();
    for row in rows {
        let Ok([Some(schema), Some(name), Some(kind), column, ty, not_null, readable]) = <[_; 7]>::try_from(row) else {
            continue;
        };
        let empty = Found { kind, columns: Vec::new(), is_readable: readable.is_some() };
        let found = all.entry((schema, name)).or_insert(empty);
        if let (Some(name), Some(ty)) = (column, ty) {
            found.columns.push(Column { name, ty, not_null: not_null.is_some() });
        }
    }
    all
}

fn view(row: Record) -> Option<((String, String), String)> {
    let [schema, name, definition] = <[_; 3]>::try_from(row).ok()?;
    Some(((schema?, name?), definition?))
}

fn open(row: Record) -> Option<Open> {
    let [exception_type, sealed, number, age] = <[_; 4]>::try_from(row).ok()?;
    let age = age.and_then(|age| age.parse().ok());
    Some(Open { exception_type, is_sealed: sealed.is_some(), number: number?.parse().ok()?, age })
}

#[cfg(test)]
impl Live {
    /// An empty database.
    pub(super) fn nothing() -> Self {
        Self {
            database: "db".to_owned(),
            relations: Catalogue::new(),
            views: BTreeMap::new(),
            isolation: None,
            reads_table_info: None,
            unique: BTreeMap::new(),
            exceptions: Vec::new(),
            cycles: Vec::new(),
            answers: Vec::new(),
        }
    }
}

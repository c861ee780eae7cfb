//! Reads the state of a database.

use std::collections::{BTreeMap, BTreeSet};

use crate::artifacts::manifest::{Hook, Manifest};
use crate::connect::{Connection, Record};
use crate::cycle::plan::reads_trimmed_raw;
use crate::cycle::plan::{Plan, Slot};
use crate::diagnostic::Diagnostic;
use crate::dialect::Dialect;
use crate::doctor::identities::{self, Behind};
use crate::doctor::indexes::{self, FoundIndex, Scan, Storage};
use crate::doctor::queries::Queries;
use crate::doctor::surroundings::Surrounding;
use crate::error::Error;
use crate::features::Operations;
use crate::project::{ExceptionsId, Spec, TableId};
use crate::sql::Relation;

/// Relations by schema and name.
pub(super) type Catalogue = BTreeMap<(String, String), Found>;

/// The state of a database.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) database: String,
    pub(super) relations: Catalogue,
    pub(super) views: BTreeMap<(String, String), String>,
    /// The isolation level of transactions. `None`: the server does not report it.
    pub(super) isolation: Option<String>,
    /// Whether this role may read `svv_table_info`. `None`: maintenance does not need it.
    pub(super) reads_table_info: Option<bool>,
    pub(super) exceptions: Vec<(ExceptionsId, Vec<OpenExceptions>)>,
    /// The time since the last completed cycle, in seconds, for tables that record it.
    pub(super) cycles: Vec<(TableId, Option<u64>)>,
    /// The size and the indexes of each table. Empty for engines without indexes.
    pub(super) storage: BTreeMap<(String, String), Storage>,
    /// Foreign keys, triggers and more. Empty for engines that enforce no keys.
    pub(super) surroundings: Vec<Surrounding>,
    pub(super) behind: Vec<Behind>,
    /// The roles that may read each table, beside its owner. Only for engines with
    /// [`Rules::enforces_keys`](crate::dialect::Rules::enforces_keys): others have another
    /// catalogue.
    pub(super) readers: BTreeMap<(String, String), BTreeSet<String>>,
    /// The statements of a cycle that would read all rows of a history table.
    pub(super) scans: Vec<Scan>,
    /// The reason why the plans of the cycle are not known.
    pub(super) not_planned: Option<String>,
    /// The results of monitors, in the order of the manifest.
    pub(super) answers: Vec<Answer>,
}

/// The result of a monitor.
#[derive(Debug)]
pub(super) enum Answer {
    /// The rows that it found.
    Rows(Vec<Record>),
    /// It did not run, for this reason.
    NotRun(String),
    /// The database refused the query, for this reason.
    Refused(String),
}

/// A relation.
#[derive(Debug)]
pub(super) struct Found {
    /// `r` table, `p` partitioned table, `v` view, `m` materialized view, `f` foreign table.
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
pub(super) struct OpenExceptions {
    pub(super) exception_type: Option<String>,
    /// Whether they wait for a sweep, because the period of their rows is sealed.
    pub(super) is_sealed: bool,
    pub(super) number: u64,
    /// The age of the oldest, in seconds. `None`: no exception has a detection time.
    pub(super) age: Option<u64>,
}

/// Runs queries in a database.
pub(super) struct Reader<'a> {
    queries: Queries<'a>,
    connection: &'a mut Connection,
    progress: &'a mut dyn FnMut(&str),
}

impl<'a> Reader<'a> {
    pub(super) fn new(spec: &'a Spec, connection: &'a mut Connection, progress: &'a mut dyn FnMut(&str)) -> Self {
        Self { queries: Queries::new(spec), connection, progress }
    }

    /// Runs a query in its own transaction, which is rolled back. PostgreSQL and Redshift refuse
    /// statements that write in a READ ONLY transaction:
    /// <https://docs.aws.amazon.com/redshift/latest/dg/r_BEGIN.html>.
    fn query(
        &mut self,
        subject: &str,
        render: impl FnOnce(&mut Queries<'a>) -> Result<String, Box<Diagnostic>>,
    ) -> Result<Vec<Record>, Error> {
        let sql = render(&mut self.queries).map_err(|error| Error::Usage(error.message().to_owned()))?;
        (self.progress)(subject);
        self.connection.run("BEGIN READ ONLY")?;
        let rows = self.connection.rows(&sql);
        self.connection.run("ROLLBACK")?;
        rows
    }
}

/// The name of the database, if it is the engine of the project.
pub(super) fn server(spec: &Spec, reader: &mut Reader<'_>) -> Result<String, Error> {
    let server = reader
        .query("the server", Queries::server)?
        .into_iter()
        .flatten()
        .map(Option::unwrap_or_default)
        .collect::<Vec<_>>();
    let [database, version] = &server[..] else {
        return Err(Error::Usage("the database does not return its name and version".to_owned()));
    };
    let is_engine =
        |dialect: &Dialect| dialect.rules().server().is_some_and(|server| version.contains(server.version_mark));
    // The version text of Redshift also contains the name of PostgreSQL, so the first match in
    // `ALL` counts.
    let engine = Dialect::ALL.into_iter().find(is_engine);
    if engine != Some(spec.dialect) {
        let message = match engine {
            Some(engine) => format!(
                "the database is {engine}, but the project is compiled for {}; use `--dialect {engine}`",
                spec.dialect
            ),
            None => format!("the database is an unknown engine, but the project is compiled for {}", spec.dialect),
        };
        return Err(Error::Usage(message));
    }
    Ok(database.clone())
}

/// Reads everything that the doctor checks.
pub(super) fn read(
    spec: &Spec,
    plan: &Plan,
    operations: &Operations,
    manifest: &Manifest,
    reader: &mut Reader<'_>,
) -> Result<Live, Error> {
    let database = server(spec, reader)?;
    let schemas: BTreeSet<_> =
        slots(spec, plan, operations).iter().map(|slot| slot.relation(spec).schema.folded(spec.dialect)).collect();
    let relations = relations(reader.query("relations", |queries| queries.relations(&schemas))?);
    let views = reader.query("views", |queries| queries.views(&schemas))?;
    let mut live = Live {
        database,
        relations,
        views: views.into_iter().filter_map(view).collect(),
        // If this role may not query the isolation level, a note is reported and the check
        // continues.
        isolation: reader
            .query("isolation", Queries::isolation)
            .ok()
            .and_then(|rows| rows.into_iter().flatten().flatten().next()),
        reads_table_info: None,
        storage: BTreeMap::new(),
        surroundings: Vec::new(),
        behind: Vec::new(),
        readers: BTreeMap::new(),
        scans: Vec::new(),
        not_planned: None,
        exceptions: Vec::new(),
        cycles: Vec::new(),
        answers: Vec::new(),
    };
    if spec.dialect.rules().indexes().is_some() {
        let rows = reader.query("indexes", |queries| queries.storage(&schemas))?;
        live.storage = storage(rows);
        let mut explain = |name: &str, hook: &Hook| {
            let rows = reader.query(&format!("the plan of {name}"), |queries| queries.explain(&hook.sql))?;
            Ok(rows.into_iter().flatten().flatten().next())
        };
        (live.scans, live.not_planned) = indexes::scans(spec, manifest, &live, &mut explain);
    }
    if spec.dialect.rules().enforces_keys() {
        let rows = reader.query("foreign keys and triggers", |queries| queries.surroundings(&schemas))?;
        live.surroundings = rows.into_iter().filter_map(Surrounding::of).collect();
        let mut largest = |id, column| {
            let rows = reader.query("identities", |queries| queries.identity(spec, id, column))?;
            Ok(rows.into_iter().flatten().flatten().next())
        };
        live.behind = identities::read(spec, &live, &mut largest)?;
        for row in reader.query("grants of tables", |queries| queries.readers(&schemas))? {
            if let Ok([Some(schema), Some(table), Some(role)]) = <[_; 3]>::try_from(row) {
                live.readers.entry((schema, table)).or_default().insert(role);
            }
        }
    }
    if spec.dialect.rules().table_info().is_some()
        && spec.maintenance.iter().any(|entry| entry.unsorted_more_than.is_some())
    {
        let rows = reader.query("grants", Queries::table_info)?;
        live.reads_table_info = Some(rows.into_iter().flatten().any(|value| value.is_some()));
    }
    for id in (0..spec.exceptions.len()).map(ExceptionsId) {
        let reads = ["exception_type", "detected_at", "resolved_at", "notes"];
        if live.can_read(spec, Slot::Exceptions(id), &reads) {
            let rows = reader.query("exceptions", |queries| queries.exceptions(id))?;
            live.exceptions.push((id, rows.into_iter().filter_map(open_exceptions).collect()));
        }
    }
    for (id, _) in spec.tables().filter(|(id, _)| reads_trimmed_raw(spec, *id)) {
        if live.can_read(spec, Slot::Cycles(id), &["completed_at"]) {
            let rows = reader.query("cycles", |queries| queries.cycles(id))?;
            live.cycles.push((id, rows.into_iter().flatten().next().and_then(|age| age?.parse().ok())));
        }
    }
    for (monitor, planned) in manifest.monitors.iter().zip(&operations.monitors) {
        let answer = if !monitor.find.parameters.is_empty() {
            Answer::NotRun("because two systems are needed".to_owned())
        } else if let Some(slot) = planned.find.reads.iter().find(|&&slot| !live.has(spec, slot)) {
            let name = slot.relation(spec).sql(spec.dialect);
            Answer::NotRun(format!("because {name} is missing or may not be read"))
        } else {
            match reader.query(&monitor.name, |queries| queries.monitor(&monitor.find.sql)) {
                Ok(rows) => Answer::Rows(rows),
                Err(error) => Answer::Refused(error.to_string()),
            }
        };
        live.answers.push(answer);
    }
    Ok(live)
}

/// All relations that a project names.
pub(super) fn slots(spec: &Spec, plan: &Plan, operations: &Operations) -> Vec<Slot> {
    let sources = spec.tables().filter(|(_, table)| table.raw.is_some()).map(|(id, _)| Slot::Raw(id));
    let mut all: Vec<_> = plan.definitions.iter().map(|definition| definition.creates).chain(sources).collect();
    let compared = operations.monitors.iter().flat_map(|monitor| &monitor.find.reads);
    all.extend(compared.filter(|slot| matches!(slot, Slot::Compared(_))));
    all
}

impl Live {
    /// Finds a relation. A relation in another database is never found.
    pub(super) fn find(&self, spec: &Spec, relation: &Relation) -> Option<&Found> {
        self.relations.get(&key(spec, relation))
    }

    /// Whether a relation belongs to this database.
    pub(super) fn is_here(&self, spec: &Spec, relation: &Relation) -> bool {
        relation.database.as_ref().is_none_or(|name| name.folded(spec.dialect) == self.database)
    }

    fn has(&self, spec: &Spec, slot: Slot) -> bool {
        self.can_read(spec, slot, &[])
    }

    pub(super) fn can_read(&self, spec: &Spec, slot: Slot, columns: &[&str]) -> bool {
        let found = self.find(spec, &slot.relation(spec));
        let has = |found: &Found| columns.iter().all(|name| found.columns.iter().any(|column| column.name == *name));
        found.is_some_and(|found| found.is_readable && has(found))
    }
}

/// The key of a relation in the catalogue.
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

fn storage(rows: Vec<Record>) -> BTreeMap<(String, String), Storage> {
    let mut all = BTreeMap::<_, Storage>::new();
    for row in rows {
        let Ok([Some(schema), Some(name), Some(rows), unique, partial, deferrable, columns]) = <[_; 7]>::try_from(row)
        else {
            continue;
        };
        let found = all.entry((schema, name)).or_default();
        found.rows = rows.parse().unwrap_or(0);
        if let Some(columns) = columns {
            let columns = columns.split('\n').map(str::to_owned).collect();
            found.indexes.push(FoundIndex {
                is_unique: unique.is_some(),
                is_partial: partial.is_some(),
                is_deferrable: deferrable.is_some(),
                columns,
            });
        }
    }
    all
}

fn view(row: Record) -> Option<((String, String), String)> {
    let [schema, name, definition] = <[_; 3]>::try_from(row).ok()?;
    Some(((schema?, name?), definition?))
}

fn open_exceptions(row: Record) -> Option<OpenExceptions> {
    let [exception_type, sealed, number, age] = <[_; 4]>::try_from(row).ok()?;
    let age = age.and_then(|age| age.parse().ok());
    Some(OpenExceptions { exception_type, is_sealed: sealed.is_some(), number: number?.parse().ok()?, age })
}

#[cfg(test)]
impl Live {
    /// An empty database.
    pub(super) fn empty() -> Self {
        Self {
            database: "db".to_owned(),
            relations: Catalogue::new(),
            views: BTreeMap::new(),
            isolation: None,
            reads_table_info: None,
            storage: BTreeMap::new(),
            surroundings: Vec::new(),
            behind: Vec::new(),
            readers: BTreeMap::new(),
            scans: Vec::new(),
            not_planned: None,
            exceptions: Vec::new(),
            cycles: Vec::new(),
            answers: Vec::new(),
        }
    }
}

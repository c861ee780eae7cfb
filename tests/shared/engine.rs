//! A real engine, and the relations of a project on it.
#![allow(dead_code, reason = "each test target uses a part")]

use crate::projects;
use rowkeep::artifacts::manifest::{Hook, Manifest};
use rowkeep::project::{Column, Filled, Table};
use rowkeep::{Dialect, Inputs, Spec};

pub enum Engine {
    DuckDb(duckdb::Connection),
    Postgres(postgres::Client),
}

impl Engine {
    /// A new, empty database. Each test that runs in parallel needs another `name`.
    pub fn open(dialect: Dialect, name: &str) -> Self {
        match dialect {
            Dialect::DuckDb => {
                let connection = duckdb::Connection::open_in_memory().expect("DuckDB opens in memory");
                connection.execute_batch("SET TimeZone = 'America/New_York'").expect("a zone that is not UTC");
                connection
                    .execute_batch(&format!("ATTACH ':memory:' AS {name}; USE {name}"))
                    .expect("a database of that name");
                Engine::DuckDb(connection)
            }
            Dialect::Postgres => {
                let url = std::env::var("ROWKEEP_POSTGRES")
                    .expect("ROWKEEP_POSTGRES is set by scripts/with-engines; run the tests through it");
                let mut client = postgres::Client::connect(&url, postgres::NoTls).expect("PostgreSQL answers");
                client.batch_execute(&format!("DROP DATABASE IF EXISTS {name}")).expect("an old database goes");
                client.batch_execute(&format!("CREATE DATABASE {name}")).expect("a new database comes");
                let url = url.replace("dbname=postgres", &format!("dbname={name}"));
                Engine::Postgres(postgres::Client::connect(&url, postgres::NoTls).expect("the new database answers"))
            }
            other => panic!("there is no {other} here"),
        }
    }

    /// Runs one statement and commits it.
    pub fn run(&mut self, sql: &str) {
        if let Err(error) = self.try_run(sql) {
            panic!("{error}\n{sql}");
        }
    }

    /// Runs one statement and commits it, or returns its error.
    pub fn try_run(&mut self, sql: &str) -> Result<(), String> {
        let failed = match self {
            Engine::DuckDb(connection) => connection.execute_batch(sql).err().map(|error| error.to_string()),
            Engine::Postgres(client) => {
                client.batch_execute(sql).err().map(|error| format!("{error}: {:?}", error.as_db_error()))
            }
        };
        failed.map_or(Ok(()), Err)
    }

    /// The single column of a query as text, in the order of the query.
    pub fn texts(&mut self, sql: &str) -> Vec<String> {
        match self {
            Engine::DuckDb(connection) => {
                let mut statement = connection.prepare(sql).unwrap_or_else(|error| panic!("{error}\n{sql}"));
                let rows = statement
                    .query_map([], |row| row.get::<_, String>(0))
                    .unwrap_or_else(|error| panic!("{error}\n{sql}"));
                rows.map(|row| row.expect("a text")).collect()
            }
            Engine::Postgres(client) => {
                let rows = client.query(sql, &[]).unwrap_or_else(|error| panic!("{error}\n{sql}"));
                rows.iter().map(|row| row.get::<_, String>(0)).collect()
            }
        }
    }

    /// The texts of a query after a statement, whose changes are taken back.
    pub fn after(&mut self, sql: &str, query: &str) -> Result<Vec<String>, String> {
        self.run("BEGIN");
        let failed = match self {
            Engine::DuckDb(connection) => connection.execute_batch(sql).err().map(|error| error.to_string()),
            Engine::Postgres(client) => client
                .batch_execute(sql)
                .err()
                .map(|error| error.as_db_error().map_or_else(|| error.to_string(), |error| error.message().to_owned())),
        };
        let found = if let Some(error) = failed { Err(error) } else { Ok(self.texts(query)) };
        self.run("ROLLBACK");
        found
    }

    /// Creates the schemas, the raw tables and every relation that the manifest defines.
    pub fn create(&mut self, spec: &Spec, manifest: &Manifest, dialect: Dialect) {
        let mut schemas: Vec<String> = Vec::new();
        for (_, table) in spec.tables() {
            let relations = table.raw.iter().chain([&table.relation]).chain(table.history());
            schemas.extend(relations.map(|relation| schema_of(&relation.sql(dialect))));
        }
        schemas.extend(manifest.ddl.iter().map(|definition| schema_of(&definition.relation)));
        schemas.sort();
        schemas.dedup();
        for schema in schemas {
            self.run(&format!("CREATE SCHEMA IF NOT EXISTS {schema}"));
        }
        for (table, columns) in given_tables(spec, dialect) {
            self.run(&format!("CREATE SCHEMA IF NOT EXISTS {}", schema_of(&table)));
            self.run(&format!("CREATE TABLE IF NOT EXISTS {table} ({columns})"));
        }
        // The readers of grants. Tests that run at the same time share the roles of the server.
        for reader in spec.tables().flat_map(|(_, table)| &table.readers) {
            let name = reader.name.clone();
            self.run(&format!(
                "DO $$ BEGIN CREATE ROLE \"{}\"; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$",
                name.as_str()
            ));
        }
        self.define(manifest);
    }

    /// Runs the definitions. They are idempotent.
    pub fn define(&mut self, manifest: &Manifest) {
        for definition in &manifest.ddl {
            self.run(&definition.sql);
        }
    }
}

/// The schema of a relation, without its database, because each test has one database.
fn schema_of(relation: &str) -> String {
    relation.rsplit('.').nth(1).expect("a relation has a schema").to_owned()
}

/// The tables that a project does not create, each with its columns: raw tables, tables that
/// monitors compare with, and marts with a generated column.
pub fn given_tables(spec: &Spec, dialect: Dialect) -> Vec<(String, String)> {
    let raw = spec
        .tables()
        .filter_map(|(_, table)| Some((table.raw.as_ref()?.sql(dialect).to_string(), raw_columns(table, dialect))));
    let compared = spec.monitors().iter().filter_map(|monitor| match &monitor.asks {
        rowkeep::features::monitors::Asks::Compare { with, .. } => {
            Some((with.sql(dialect).to_string(), declared(&spec.table(monitor.table).columns, dialect)))
        }
        _ => None,
    });
    let is_generated = |table: &Table| table.columns.iter().any(|column| column.filled == Filled::Generated);
    let generated = spec.tables().filter(|(_, table)| is_generated(table));
    let generated =
        generated.map(|(_, table)| (table.relation.sql(dialect).to_string(), declared(&table.columns, dialect)));
    raw.chain(compared).chain(generated).collect()
}

fn raw_columns(table: &Table, dialect: Dialect) -> String {
    declared(table.columns.iter().chain(&table.raw_columns), dialect)
}

fn declared<'a>(columns: impl IntoIterator<Item = &'a Column>, dialect: Dialect) -> String {
    columns
        .into_iter()
        .map(|column| format!("{} {}", column.name.sql(dialect), column.ty.sql(dialect)))
        .collect::<Vec<_>>()
        .join(", ")
}

/// The engines that the tests can run.
pub const ENGINES: [Dialect; 2] = [Dialect::DuckDb, Dialect::Postgres];

/// The statements of a whole cycle, in run order: the load of each table, then its hooks.
pub fn cycle(manifest: &Manifest) -> Vec<&Hook> {
    let nodes = manifest.order.iter().map(|id| &manifest.nodes[id]);
    nodes.flat_map(|node| node.load.iter().chain(&node.post_hooks)).collect()
}

/// The statements of the nightly sweep, in run order.
pub fn sweep(manifest: &Manifest) -> Vec<&Hook> {
    manifest.sweep.iter().flat_map(|sweep| &sweep.post_hooks).collect()
}

/// Runs statements with a fixed clock. It starts at `epoch` (seconds since 1970, UTC) and advances
/// one second per statement.
pub fn run_at(engine: &mut Engine, statements: &[&Hook], dialect: Dialect, epoch: i64) {
    for (statement, now) in statements.iter().zip(epoch..) {
        engine.run(&at(&statement.sql, dialect, now));
    }
}

/// The statement exactly as emitted, except that the clock is replaced.
pub fn at(sql: &str, dialect: Dialect, epoch: i64) -> String {
    sql.replace(dialect.clock_token(), &format!("(TIMESTAMPTZ '1970-01-01 00:00:00+00' + INTERVAL '{epoch} seconds')"))
}

/// The order-tracking example with other periods.
pub fn order_tracking(dialect: Dialect, periods: &str) -> Inputs {
    projects::order_tracking(&format!("hist_periods: [{periods}]")).with_dialect(dialect)
}

/// A bound of the window of a monitor that counts, in the unit of the time of its table.
pub fn bound_of_window(manifest: &Manifest, path: &str) -> &'static str {
    let monitor = manifest.monitors.iter().find(|monitor| monitor.find.path == path);
    let node = monitor.and_then(|monitor| manifest.nodes.get(monitor.model.as_ref()?));
    match node.map(|node| node.time.unit) {
        Some("timestamp") => "'2026-01-01 00:00:00'",
        _ => "7",
    }
}

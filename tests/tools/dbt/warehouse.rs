//! A dbt project in a temporary folder, and the database of its target.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use rowkeep::rehearse::{Engine, Record};
use rowkeep::{Compilation, Dialect, Error};

use crate::dbt::server::{self, Version};
use crate::projects;
use crate::snowflake::Fakesnow;

/// The engines on which the tests can run real dbt.
pub const ENGINES: [Dialect; 2] = [Dialect::DuckDb, Dialect::Postgres];

/// The target on fakesnow.
const FAKESNOW: &str = "    snowflake:
      type: snowflake
      account: fakesnow
      user: rowkeep
      password: none
      host: localhost
      port: \"{{ env_var('SNOWFLAKE_PORT') | int }}\"
      protocol: http
      database: rowkeep_rehearsal
      schema: settlement_ods
      warehouse: loading
      threads: 1
";

/// The example's dbt project, with the compiled package.
pub struct Project {
    folder: tempfile::TempDir,
    pub database: Database,
}

/// The result and the output of a dbt command.
#[derive(Debug)]
pub struct Said {
    pub success: bool,
    pub text: String,
}

impl Project {
    /// A copy of the example's dbt project without artifacts, on an empty database.
    pub fn new(dialect: Dialect, name: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let example = projects::root().join("examples/order_tracking/dbt_project");
        for file in ["dbt_project.yml", "packages.yml", "profiles.yml"] {
            std::fs::copy(example.join(file), folder.path().join(file)).expect("the example has it");
        }
        let database = Database::new(dialect, name, &folder.path().join("order_tracking.duckdb"));
        let project = Self { folder, database };
        if dialect == Dialect::Snowflake {
            project.edit("profiles.yml", |profiles| profiles + FAKESNOW);
        }
        project
    }

    /// The same project, for commands that need no database.
    pub fn offline(dialect: Dialect) -> Self {
        let mut project = Self::new(Dialect::DuckDb, "offline");
        project.database.dialect = dialect;
        project
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub fn write(&self, path: &str, text: &str) {
        let file = self.path(path);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        std::fs::write(file, text).expect("a file");
    }

    pub fn edit(&self, path: &str, edit: impl Fn(String) -> String) {
        let text = std::fs::read_to_string(self.path(path)).expect("a text");
        self.write(path, &edit(text));
    }

    /// Writes the artifacts of a compilation into the project.
    pub fn compiled(&self, compilation: &Compilation) {
        self.files(compilation.files());
    }

    /// Writes these files into the project, in place of its artifacts.
    pub fn files(&self, files: &BTreeMap<String, String>) {
        let _ = std::fs::remove_dir_all(self.path("rowkeep"));
        for (path, text) in files {
            self.write(&format!("rowkeep/{path}"), text);
        }
    }

    /// Runs dbt with the target of the database's engine.
    pub fn dbt(&self, arguments: &[&str]) -> Said {
        let target = ["--target", self.database.dialect.as_str()];
        self.dbt_with(arguments, if arguments[0] == "deps" { &[] } else { &target })
    }

    /// Runs dbt so that each statement commits alone. dbt is killed before the statement with the
    /// number `stop`; 0: it runs to its end.
    pub fn dbt_commits_each(&self, arguments: &[&str], stop: usize) -> Said {
        let target = ["--target", self.database.dialect.as_str()];
        self.dbt_in(arguments, &target, &[("ROWKEEP_COMMIT_EACH", stop.to_string())])
    }

    pub fn dbt_with(&self, arguments: &[&str], more: &[&str]) -> Said {
        self.dbt_in(arguments, more, &[])
    }

    fn dbt_in(&self, arguments: &[&str], more: &[&str], variables: &[(&'static str, String)]) -> Said {
        // Only one process can open a DuckDB file.
        self.database.close();
        let arguments = [&["--no-use-colors", "--no-send-anonymous-usage-stats"], arguments, more].concat();
        let folder = self.folder.path();
        let mut environment: BTreeMap<_, _> = self.database.environment().into_iter().collect();
        environment.insert("DBT_PROFILES_DIR", folder.display().to_string());
        environment.extend(variables.iter().cloned());
        // A tenth of the time of a command, and nobody reads the file.
        environment.insert("DBT_LOG_LEVEL_FILE", "none".to_owned());
        let version = Version::of(self.database.dialect);
        let answer = server::dbt(version, folder, &arguments, &environment);
        Said { success: answer.code == 0, text: answer.text }
    }

    /// Runs dbt. An error if it fails.
    pub fn runs(&self, arguments: &[&str]) -> Result<(), Error> {
        let said = self.dbt(arguments);
        if said.success { Ok(()) } else { Err(Error::Usage(format!("dbt {}:\n{}", arguments.join(" "), said.text))) }
    }

    /// The manifest that dbt wrote.
    pub fn manifest(&self) -> serde_json::Value {
        let text = std::fs::read_to_string(self.path("target/manifest.json")).expect("dbt has parsed");
        serde_json::from_str(&text).expect("JSON")
    }
}

/// A database that dbt and the tests share.
#[derive(Clone)]
pub struct Database {
    pub dialect: Dialect,
    connection: Rc<RefCell<Connection>>,
}

enum Connection {
    DuckDb { path: PathBuf, open: Option<duckdb::Connection> },
    Postgres { name: String, client: postgres::Client },
    Fakesnow { port: String, account: Fakesnow },
}

fn postgres_url() -> String {
    std::env::var("ROWKEEP_POSTGRES")
        .expect("ROWKEEP_POSTGRES is set by scripts/with-engines; run the tests through it")
}

impl Database {
    fn new(dialect: Dialect, name: &str, path: &Path) -> Self {
        let connection = match dialect {
            Dialect::DuckDb => Connection::DuckDb { path: path.to_owned(), open: None },
            Dialect::Snowflake => {
                let mut account = Fakesnow::open();
                Connection::Fakesnow { port: account.serve(), account }
            }
            _ => {
                let mut client =
                    postgres::Client::connect(&postgres_url(), postgres::NoTls).expect("PostgreSQL answers");
                client.batch_execute(&format!("DROP DATABASE IF EXISTS {name}")).expect("an old database goes");
                client.batch_execute(&format!("CREATE DATABASE {name}")).expect("a new database comes");
                let url = postgres_url().replace("dbname=postgres", &format!("dbname={name}"));
                let client = postgres::Client::connect(&url, postgres::NoTls).expect("the new database answers");
                Connection::Postgres { name: name.to_owned(), client }
            }
        };
        Self { dialect, connection: Rc::new(RefCell::new(connection)) }
    }

    fn close(&self) {
        if let Connection::DuckDb { open, .. } = &mut *self.connection.borrow_mut() {
            *open = None;
        }
    }

    /// The environment variables that the example's profile reads.
    fn environment(&self) -> Vec<(&'static str, String)> {
        let connection = self.connection.borrow();
        if let Connection::Fakesnow { port, .. } = &*connection {
            return vec![("SNOWFLAKE_PORT", port.clone())];
        }
        let Connection::Postgres { name, .. } = &*connection else { return Vec::new() };
        let url = postgres_url();
        let value_of = |key: &str| {
            let found = url.split_whitespace().find_map(|part| part.strip_prefix(&format!("{key}=")));
            found.unwrap_or_default().to_owned()
        };
        vec![("PGHOST", value_of("host")), ("PGUSER", value_of("user")), ("PGDATABASE", name.clone())]
    }

    fn duckdb<T>(
        path: &Path,
        open: &mut Option<duckdb::Connection>,
        run: impl FnOnce(&duckdb::Connection) -> duckdb::Result<T>,
    ) -> Result<T, Error> {
        let connection = open.get_or_insert_with(|| duckdb::Connection::open(path).expect("DuckDB opens the file"));
        run(connection).map_err(|error| Error::Engine { engine: "DuckDB", why: error.to_string() })
    }

    fn refused(error: &postgres::Error) -> Error {
        Error::Engine { engine: "PostgreSQL", why: format!("{error}: {:?}", error.as_db_error()) }
    }

    pub fn execute(&self, sql: &str) {
        self.clone().run(sql).unwrap_or_else(|error| panic!("{error}\n{sql}"));
    }

    pub fn sql(&self, sql: &str) -> Vec<Record> {
        self.clone().rows(sql).unwrap_or_else(|error| panic!("{error}\n{sql}"))
    }

    /// The rows of a schema, by table, without work tables (they have no meaning between cycles)
    /// and clock times.
    pub fn contents(&self, schema: &str) -> String {
        self.everything(schema, "AND table_name NOT LIKE '%!_!_%' ESCAPE '!'", &["detected_at", "resolved_at"])
    }

    /// All rows of a schema, by table.
    pub fn bytes(&self, schema: &str) -> String {
        self.everything(schema, "", &[])
    }

    fn everything(&self, schema: &str, condition: &str, left_out: &[&str]) -> String {
        let tables = format!(
            "SELECT table_name FROM information_schema.tables WHERE LOWER(table_schema) = '{schema}' {condition} ORDER BY 1"
        );
        let mut out = String::new();
        for table in self.sql(&tables).into_iter().filter_map(|mut row| row.remove(0)) {
            let columns = self.sql(&format!(
                "SELECT column_name FROM information_schema.columns WHERE LOWER(table_schema) = '{schema}' AND table_name = '{table}' \
                 ORDER BY ordinal_position"
            ));
            let columns: Vec<_> = columns
                .into_iter()
                .filter(|row| row[0].as_deref().is_none_or(|name| !left_out.contains(&&*name.to_lowercase())))
                .map(|row| format!("CAST(\"{}\" AS VARCHAR)", row[0].as_deref().unwrap_or_default()))
                .collect();
            let mut rows: Vec<_> = self
                .sql(&format!("SELECT {} FROM {schema}.{table}", columns.join(", ")))
                .into_iter()
                .map(|row| row.iter().map(|cell| cell.as_deref().unwrap_or("NULL")).collect::<Vec<_>>().join(", "))
                .collect();
            rows.sort();
            out.push_str(&format!("{table}\n"));
            out.extend(rows.iter().map(|row| format!("  {row}\n")));
        }
        out
    }
}

impl Engine for Database {
    fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The warehouse has only the schema of the raw tables. dbt creates the others.
    fn reset(&mut self, schemas: &[Vec<String>]) -> Result<(), Error> {
        let of_raw = |name: &&String| ["settlement_public", "landing"].contains(&name.as_str());
        if let Connection::Fakesnow { account, .. } = &mut *self.connection.borrow_mut() {
            let raw: Vec<_> =
                schemas.iter().filter(|parts| parts.last().is_some_and(|name| of_raw(&name))).cloned().collect();
            return account.reset(&raw);
        }
        let mut names = schemas.iter().filter_map(|parts| parts.last()).filter(of_raw);
        names.try_for_each(|name| self.run(&format!("CREATE SCHEMA {name}")))
    }

    fn place(&self, _: &[String]) -> Option<String> {
        None
    }

    fn run(&mut self, sql: &str) -> Result<(), Error> {
        match &mut *self.connection.borrow_mut() {
            Connection::DuckDb { path, open } => Self::duckdb(path, open, |connection| connection.execute_batch(sql)),
            Connection::Postgres { client, .. } => client.batch_execute(sql).map_err(|error| Self::refused(&error)),
            Connection::Fakesnow { account, .. } => account.run(sql),
        }
    }

    fn rows(&mut self, sql: &str) -> Result<Vec<Record>, Error> {
        match &mut *self.connection.borrow_mut() {
            Connection::DuckDb { path, open } => Self::duckdb(path, open, |connection| {
                let mut statement = connection.prepare(sql)?;
                let mut rows = statement.query([])?;
                let mut records = Vec::new();
                while let Some(row) = rows.next()? {
                    let width = row.as_ref().column_count();
                    records.push((0..width).map(|at| row.get(at)).collect::<Result<Record, _>>()?);
                }
                Ok(records)
            }),
            Connection::Postgres { client, .. } => {
                let messages = client.simple_query(sql).map_err(|error| Self::refused(&error))?;
                let rows = messages.into_iter().filter_map(|message| match message {
                    postgres::SimpleQueryMessage::Row(row) => Some(row),
                    _ => None,
                });
                Ok(rows.map(|row| (0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect()).collect())
            }
            Connection::Fakesnow { account, .. } => account.rows(sql),
        }
    }
}

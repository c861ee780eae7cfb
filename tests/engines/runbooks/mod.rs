//! The run-books as somebody follows them, on PostgreSQL: each block is typed as it is written, and what is to be expected is there.

mod book;
mod statements;

use crate::projects;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use self::book::{Block, Book};
use crate::engine::Engine;
use rowkeep::Dialect;

const UTI: &str = "settlement_ods.mart_uni_tracking_info";

/// Somebody at a terminal, in the folder of a project, with a database of their own.
struct Somebody {
    folder: tempfile::TempDir,
    url: String,
    engine: Engine,
    /// The day that it is. The clock is the only text that is not typed as it is written.
    today: &'static str,
}

impl Somebody {
    fn new(name: &str, periods: &str) -> Self {
        let engine = Engine::open(Dialect::Postgres, name);
        let stated = std::env::var("ROWKEEP_POSTGRES").expect("ROWKEEP_POSTGRES is set by scripts/with-engines");
        let somebody = Self {
            folder: tempfile::tempdir().expect("a folder"),
            url: stated.replace("dbname=postgres", &format!("dbname={name}")),
            engine,
            today: "2025-09-12",
        };
        let example = projects::root().join("examples/order_tracking");
        for path in projects::files(&example).iter().filter(|path| !path.starts_with("target")) {
            let text = std::fs::read_to_string(example.join(path)).expect("a text");
            let text =
                text.replace("dialect: redshift", "dialect: postgres").replace("../../periods.yml", "periods.yml");
            somebody.write(path, &text);
        }
        somebody.write(Path::new("periods.yml"), &format!("hist_periods:\n{periods}"));
        somebody
    }

    fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(path)
    }

    fn write(&self, path: &Path, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    fn edit(&self, path: &str, edit: impl Fn(&str) -> String) {
        let text = std::fs::read_to_string(self.path(path)).expect("a text");
        let edited = edit(&text);
        assert_ne!(text, edited, "{path} is edited");
        self.write(Path::new(path), &edited);
    }

    /// What a shell prints for a text that is typed into it; it fails like its last command, and any that fails ends it.
    fn types(&self, text: &str) -> String {
        let binary = Path::new(env!("CARGO_BIN_EXE_rowkeep")).parent().expect("a folder").to_owned();
        let path = format!("{}:{}", binary.display(), std::env::var("PATH").expect("a path"));
        let mut command = Command::new("bash");
        command.args(["-euo", "pipefail", "-c", text]).current_dir(self.folder.path());
        command.env("PATH", path).env("ROWKEEP_URL", &self.url).env("NO_COLOR", "1");
        let output = command.output().expect("bash starts");
        let said = String::from_utf8_lossy(&output.stderr);
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}\n{printed}\n{said}");
        printed
    }

    /// What psql prints for statements.
    fn asks(&self, sql: &str, variables: &[(&str, &str)]) -> String {
        let mut command = Command::new("psql");
        command.args([self.url.as_str(), "-At", "-v", "ON_ERROR_STOP=1"]);
        command.args(variables.iter().flat_map(|(name, value)| ["-v".to_owned(), format!("{name}={value}")]));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut psql = command.spawn().expect("psql starts");
        psql.stdin.take().expect("a pipe").write_all(sql.as_bytes()).expect("psql reads");
        let output = psql.wait_with_output().expect("psql ends");
        assert!(output.status.success(), "{sql}\n{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// The run-book of that name, which is compiled and printed alike.
    fn book(&self, name: &str) -> Book {
        let printed = self.types(&format!("rowkeep runbook {name}"));
        let compiled = self.path(format!("target/rowkeep/runbooks/{name}.md"));
        if compiled.exists() {
            assert_eq!(std::fs::read_to_string(compiled).expect("a text"), printed);
        }
        book::read(&printed)
    }

    fn follows_block(&self, block: &Block, variables: &[(&str, &str)]) -> String {
        let printed = match block.language.as_str() {
            "sh" => {
                let given: String = variables.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
                self.types(&format!("{given}{}", block.text.replace("--today now", &format!("--today {}", self.today))))
            }
            "sql" => self.asks(&block.text, variables),
            _ => return String::new(),
        };
        let expected = block.expected.trim_start();
        if expected.starts_with("Expect no row") || expected.starts_with("Expect no line") {
            assert_eq!(printed, "", "{}\n{expected}", block.text);
        }
        if expected.starts_with("Expect `nothing is wrong`") {
            assert!(printed.starts_with("nothing is wrong\n"), "{printed}");
        }
        printed
    }

    /// Follows a section, and gives what each of its blocks printed.
    fn follows(&self, book: &Book, number: usize, variables: &[(&str, &str)]) -> Vec<String> {
        let section = &book.sections[number - 1];
        assert!(section.title.starts_with(&format!("{number}. ")), "{}", section.title);
        section.steps.iter().map(|block| self.follows_block(block, variables)).collect()
    }

    fn goes_back(&self, book: &Book, number: usize) -> Vec<String> {
        let back = &book.sections[number - 1].back;
        assert!(!back.is_empty(), "section {number} has a way back");
        back.iter().map(|block| self.follows_block(block, &[])).collect()
    }

    fn number(&self, sql: &str) -> i64 {
        self.asks(sql, &[]).trim().parse().unwrap_or_else(|_| panic!("{sql} gives a number"))
    }

    fn install(&self) {
        let book = self.book("installation");
        (1..=3).for_each(|number| drop(self.follows(&book, number, &[])));
    }

    /// Copies of the marts: orders `first` to `last`, one every six days from 2025-02-01 on, each with two events.
    fn stages(&mut self, last: u32) {
        self.engine.run("CREATE SCHEMA staging");
        let orders =
            format!("SELECT i AS order_id, 1738368000 + i * 518400 AS at FROM generate_series(1, {last}) AS i");
        for (table, columns) in [
            ("mart_uni_tracking_info", "order_id::bigint, 1 AS state, at::bigint AS update_time"),
            ("mart_ecs_order_info", "order_id::bigint, 7::bigint AS partner_id, (at - 3600)::bigint AS add_time"),
        ] {
            self.engine.run(&format!("CREATE TABLE staging.{table} AS SELECT {columns} FROM ({orders}) AS o"));
        }
        self.engine.run(&format!(
            "CREATE TABLE staging.mart_uni_tracking_spath AS SELECT order_id::bigint, n::bigint AS \"traceseq\", (at - 60 * (2 - n))::bigint AS pathtime, 5 AS code \
             FROM ({orders}) AS o CROSS JOIN generate_series(1, 2) AS n"
        ));
    }

    /// Orders `first` to `last` are landed, as they are staged.
    fn lands(&mut self, first: u32, last: u32) {
        let orders =
            format!("SELECT i AS order_id, 1738368000 + i * 518400 AS at FROM generate_series({first}, {last}) AS i");
        let tail = "row_number() OVER (), CURRENT_TIMESTAMP AT TIME ZONE 'UTC'";
        for (table, columns) in [("uni_tracking_info", "order_id, 1, at"), ("ecs_order_info", "order_id, 7, at - 3600")]
        {
            let sql =
                format!("INSERT INTO settlement_public.{table}_raw SELECT {columns}, {tail} FROM ({orders}) AS o");
            self.engine.run(&sql);
        }
        self.engine.run(&format!(
            "INSERT INTO settlement_public.uni_tracking_spath_raw SELECT order_id, n, at - 60 * (2 - n), 5, {tail} FROM ({orders}) AS o CROSS JOIN generate_series(1, 2) AS n"
        ));
    }

    fn cycle(&self) {
        let book = self.book("installation");
        let run = &book.sections[3].steps[0];
        assert!(run.text.contains("cycle.txt"), "{}", run.text);
        self.follows_block(run, &[]);
    }
}

const STAGING: &[(&str, &str)] = &[("staging", "staging")];

/// Printed lines, without those that psql says of statements that give no rows.
fn rows(printed: &str) -> Vec<&str> {
    printed.lines().filter(|line| line.contains('|')).collect()
}

#[test]
fn from_nothing_through_installation_to_qa() {
    let mut somebody = Somebody::new("runbook_qa", "  - 2025_h1\n");
    somebody.install();
    let installation = somebody.book("installation");
    // There and back again.
    somebody.goes_back(&installation, 3);
    let left = "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'settlement_ods' AND tablename LIKE 'hist%'";
    assert_eq!(somebody.number(left), 0);
    somebody.follows(&installation, 3, &[]);
    let qa = somebody.book("qa");
    somebody.lands(1, 3);
    let printed = somebody.follows(&installation, 4, &[]);
    assert_eq!(rows(&printed[1])[0].split('|').nth(1), Some("3"), "{printed:?}");
    somebody.engine.run("DELETE FROM settlement_public.uni_tracking_info_raw");
    somebody.engine.run("DELETE FROM settlement_public.ecs_order_info_raw");
    somebody.engine.run("DELETE FROM settlement_public.uni_tracking_spath_raw");

    somebody.stages(60);
    somebody.goes_back(&qa, 1);
    let printed = somebody.follows(&qa, 1, STAGING);
    // 60 orders, of 2025-02-07 to 2026-01-27; 29 of them are older than 180 days then.
    assert_eq!(rows(&printed[3])[0], "mart_uni_tracking_info|60|1738886400|1769472000|29");
    somebody.follows_block(&qa.sections[0].steps[2], STAGING);
    assert_eq!(somebody.number(&format!("SELECT COUNT(*) FROM {UTI}")), 60, "twice adds none");
    let inserted = &somebody.follows(&qa, 2, &[])[1];
    assert_eq!(inserted.lines().filter(|line| *line == "INSERT 0 1").count(), 3, "{inserted}");
    let timed = &somebody.follows(&qa, 3, &[])[0];
    assert_eq!(timed.matches("Time: ").count(), timed.matches("09_trim").count(), "{timed}");
    assert_eq!(timed.matches("09_trim.sql\n").count(), 3, "{timed}");
    let printed = somebody.follows(&qa, 4, &[]);
    // Of 29 due orders, 24 are of 2025_h1.
    assert!(printed[1].contains("settlement_ods.hist_uni_tracking_info_2025_h1|24\n"), "{}", printed[1]);
    assert!(printed[1].contains("settlement_ods.hist_ecs_order_info_2025_h1|24\n"), "{}", printed[1]);
    let found = rows(&printed[2]);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found.iter().all(|row| row.ends_with("|no period covers its time")), "{found:?}");
    let deleted = &somebody.follows(&qa, 5, &[])[0];
    assert_eq!(deleted.lines().filter(|line| *line == "DELETE 1").count(), 3, "{deleted}");
    // Parents that never had a child are told by their number: two, which are made so.
    somebody.engine.run("DELETE FROM settlement_ods.mart_ecs_order_info WHERE order_id IN (59, 60)");
    assert_eq!(somebody.asks(&qa.sections[5].steps[0].text, &[]), "");
    assert_eq!(somebody.asks(&qa.sections[5].steps[1].text, &[]), "mart_ecs_order_info|2\n");
    somebody.goes_back(&qa, 3);
    assert_eq!(somebody.number("SELECT COUNT(*) FROM settlement_ods.all_hist_uni_tracking_info"), 0);
}

#[test]
fn from_staging_tables_through_years_of_production() {
    let mut somebody = Somebody::new("runbook_production", "  - 2025_h1\n");
    somebody.install();
    // 37 orders, of 2025-02-07 to 2025-09-11: those of before 2025-03-15 are due.
    somebody.stages(37);
    let migration = somebody.book("migration");
    somebody.follows(&migration, 1, STAGING);
    somebody.goes_back(&migration, 1);
    somebody.follows(&migration, 1, STAGING);
    for _ in ["and back", "and on"] {
        somebody.follows(&migration, 2, STAGING);
        somebody.follows(&migration, 3, &[]);
        assert_eq!(somebody.number("SELECT COUNT(*) FROM settlement_ods.hist_uni_tracking_info_2025_h1"), 6);
        assert_eq!(somebody.number(&format!("SELECT COUNT(*) FROM {UTI}")), 31);
        somebody.goes_back(&migration, 3);
        assert_eq!(somebody.number("SELECT COUNT(*) FROM settlement_ods.all_hist_uni_tracking_info"), 0);
    }
    somebody.follows(&migration, 2, STAGING);
    (3..=7).for_each(|number| drop(somebody.follows(&migration, number, STAGING)));

    // A rotation in time.
    let rotation = somebody.book("rotation");
    (1..=3).for_each(|number| drop(somebody.follows(&rotation, number, &[])));
    assert!(std::fs::read_to_string(somebody.path("periods.yml")).expect("a text").ends_with("  - 2025_h2\n"));

    // Half a year later: orders until 2026-07-26, those of before 2026-01-27 are due, and nobody added 2026_h1.
    somebody.lands(38, 90);
    somebody.today = "2026-07-27";
    somebody.cycle();
    let late = somebody.book("late-period");
    let printed = somebody.follows(&late, 1, &[]);
    assert_eq!(rows(&printed[0])[0], "ARCHIVE_ROUTING_GAP|no period covers its time|4", "{printed:?}");
    assert_eq!(rows(&printed[1])[0], "mart_uni_tracking_info|4|1767398400|1768953600");
    (2..=4).for_each(|number| drop(somebody.follows(&late, number, &[])));
    assert_eq!(somebody.number("SELECT COUNT(*) FROM settlement_ods.hist_uni_tracking_info_2026_h1"), 4);

    the_last_period_is_taken_back(&mut somebody);
    below_the_lower_edge(&mut somebody);
    one_key_comes_back(&somebody);
    sealed_and_unsealed(&mut somebody);
    somebody.types("rowkeep doctor; rowkeep check");
}

/// Rows are in it, one of them newer than the mart's; they go home, and come again with the period.
fn the_last_period_is_taken_back(somebody: &mut Somebody) {
    let archived = "SELECT COUNT(*) FROM settlement_ods.hist_uni_tracking_info_2026_h1";
    assert_eq!(somebody.number(archived), 4);
    somebody.engine.run(&format!("INSERT INTO {UTI} VALUES (56, 1, 1767398399)"));
    let book = somebody.book("remove-period");
    somebody.follows(&book, 1, &[]);
    assert_eq!(somebody.asks(&format!("SELECT update_time FROM {UTI} WHERE order_id = 56"), &[]), "1767398400\n");
    somebody.edit("periods.yml", |text| text.replace("  - 2026_h1\n", ""));
    somebody.follows(&book, 2, &[]);
    somebody.follows(&book, 3, &[]);
    let left = "SELECT COUNT(*) FROM pg_tables WHERE tablename LIKE '%_2026_h1'";
    assert_eq!(somebody.number(left), 0);
    let said = somebody.types("rowkeep doctor 2>&1 || true");
    assert!(!said.contains("RK901") && !said.contains("RK902") && !said.contains("RK916"), "{said}");
    somebody.types("rowkeep rotate 2026_h1; rowkeep compile");
    let rotated = somebody.book("installation");
    somebody.follows_block(&rotated.sections[2].steps[0], &[]);
    somebody.cycle();
    assert_eq!(somebody.number(archived), 4);
}

fn below_the_lower_edge(somebody: &mut Somebody) {
    somebody.engine.run(
        "INSERT INTO settlement_public.uni_tracking_info_raw VALUES (1000, 1, 1700000000, 1, CURRENT_TIMESTAMP AT TIME ZONE 'UTC')",
    );
    somebody.cycle();
    let book = somebody.book("lower-edge");
    let printed = somebody.follows(&book, 1, &[]);
    assert_eq!(rows(&printed[0]), ["mart_uni_tracking_info|1|1700000000"]);
    let line = book.sections[1].steps.iter().find(|block| block.language == "yaml").expect("the line").text.clone();
    somebody.edit("periods.yml", |text| text.replace("hist_periods:\n", &format!("hist_periods:\n{line}\n")));
    somebody.follows(&book, 2, &[]);
    somebody.follows(&book, 3, &[]);
    assert_eq!(somebody.number("SELECT COUNT(*) FROM settlement_ods.hist_uni_tracking_info_legacy"), 1);
    assert_eq!(somebody.follows(&somebody.book("exceptions"), 1, &[]), [""]);
}

fn one_key_comes_back(somebody: &Somebody) {
    let book = somebody.book("restore");
    let given = |model| [("key", "\"'5'\""), ("model", model)];
    let [uti, ecs] = ["mart_uni_tracking_info", "mart_ecs_order_info"];
    let ask = |number: usize| somebody.asks(&book.sections[0].steps[number].text, &[("key", "'5'")]);
    let is_at = |place: &str, models: usize| {
        let printed = ask(2);
        let at = rows(&printed).iter().filter(|row| row.starts_with(place)).count();
        assert_eq!(at, models, "{printed:?}");
    };
    assert_eq!(ask(1), "", "nobody holds it");
    is_at("history|5|", 4);
    // Whoever follows it types key and model first.
    let follows = |number: usize, model| somebody.follows_block(&book.sections[number - 1].steps[0], &given(model));
    for model in [uti, ecs] {
        assert_eq!(follows(2, model), "INSERT 0 1\n");
        follows(3, model);
    }
    assert_eq!(rows(&ask(1)).len(), 2, "each model has a hold of its own");
    is_at("mart|5|", 2);
    somebody.cycle();
    is_at("mart|5|", 2);
    [uti, ecs].into_iter().for_each(|model| assert_eq!(follows(4, model), "UPDATE 1\n"));
    somebody.cycle();
    is_at("history|5|", 4);
}

fn sealed_and_unsealed(somebody: &mut Somebody) {
    let book = somebody.book("sealing");
    let line = book.sections[1].steps.iter().find(|block| block.language == "yaml").expect("the line").text.clone();
    somebody.edit("rowkeep.yml", |text| format!("{text}{line}\n"));
    somebody.follows(&book, 2, &[]);
    // A late row of a sealed period waits for the sweep; so does the one that raw still holds, which the load sees again.
    somebody.engine.run(
        "INSERT INTO settlement_public.uni_tracking_info_raw VALUES (2000, 1, 1710000000, 1, CURRENT_TIMESTAMP AT TIME ZONE 'UTC')",
    );
    somebody.cycle();
    let waits = &book.sections[2].steps[0];
    assert!(somebody.asks(&waits.text, &[]).starts_with("ARCHIVE_ROUTING_GAP|2|"));
    somebody.follows_block(&book.sections[2].steps[1], &[]);
    assert_eq!(somebody.asks(&waits.text, &[]), "");
    assert_eq!(somebody.number("SELECT COUNT(*) FROM settlement_ods.hist_uni_tracking_info_legacy"), 2);
    somebody.edit("rowkeep.yml", |text| text.replace(&line, ""));
    somebody.follows(&book, 4, &[]);
    somebody.cycle();

    // What nobody's statement closes is closed by hand.
    somebody.engine.run("INSERT INTO settlement_ods.order_tracking_exceptions VALUES (42, 'ARCHIVE_ROUTING_GAP'), (NULL, 'ARCHIVE_ROUTING_GAP_REFUSED')");
    let exceptions = somebody.book("exceptions");
    assert_eq!(rows(&somebody.follows(&exceptions, 1, &[])[0]).len(), 2);
    let close = &exceptions.sections[3].steps[0];
    assert_eq!(somebody.types(&close.text), "UPDATE 1\n");
    let keyless =
        close.text.replace("key=\"'42'\" type=ARCHIVE_ROUTING_GAP", "key=NULL type=ARCHIVE_ROUTING_GAP_REFUSED");
    assert_eq!(somebody.types(&keyless), "UPDATE 1\n");
    somebody.follows(&exceptions, 3, &[]);
    assert_eq!(somebody.follows(&exceptions, 1, &[]), [""]);
}

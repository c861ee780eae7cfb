//! Runs the run-books on PostgreSQL: each block is run as written, and its expected result is
//! checked.

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

/// An operator in the folder of a project, with an own database.
struct Operator {
    folder: tempfile::TempDir,
    url: String,
    engine: Engine,
    /// The current day. It replaces `now`: all other text is run as written.
    today: &'static str,
}

impl Operator {
    fn new(name: &str, periods: &str) -> Self {
        let engine = Engine::open(Dialect::Postgres, name);
        let stated = std::env::var("ROWKEEP_POSTGRES").expect("ROWKEEP_POSTGRES is set by scripts/with-engines");
        let operator = Self {
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
            operator.write(path, &text);
        }
        operator.write(Path::new("periods.yml"), &format!("hist_periods:\n{periods}"));
        operator
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

    /// Runs a text in bash, which stops at the first command that fails. Returns the output.
    fn shell(&self, text: &str) -> String {
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

    /// Runs statements in psql. Returns the output.
    fn psql(&self, sql: &str, variables: &[(&str, &str)]) -> String {
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

    /// The printed run-book. The compiled file must have the same text.
    fn book(&self, name: &str) -> Book {
        let printed = self.shell(&format!("rowkeep runbook {name}"));
        let compiled = self.path(format!("target/rowkeep/runbooks/{name}.md"));
        if compiled.exists() {
            assert_eq!(std::fs::read_to_string(compiled).expect("a text"), printed);
        }
        book::read(&printed)
    }

    fn run_block(&self, block: &Block, variables: &[(&str, &str)]) -> String {
        let printed = match block.language.as_str() {
            "sh" => {
                let given: String = variables.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
                self.shell(&format!("{given}{}", block.text.replace("--today now", &format!("--today {}", self.today))))
            }
            "sql" => self.psql(&block.text, variables),
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

    /// Runs the blocks of a section. Returns the output of each block.
    fn run_section(&self, book: &Book, number: usize, variables: &[(&str, &str)]) -> Vec<String> {
        let section = &book.sections[number - 1];
        assert!(section.title.starts_with(&format!("{number}. ")), "{}", section.title);
        section.steps.iter().map(|block| self.run_block(block, variables)).collect()
    }

    fn roll_back(&self, book: &Book, number: usize) -> Vec<String> {
        let back = &book.sections[number - 1].back;
        assert!(!back.is_empty(), "section {number} has a way back");
        back.iter().map(|block| self.run_block(block, &[])).collect()
    }

    fn number(&self, sql: &str) -> i64 {
        self.psql(sql, &[]).trim().parse().unwrap_or_else(|_| panic!("{sql} gives a number"))
    }

    fn install(&self) {
        let book = self.book("installation");
        (1..=3).for_each(|number| drop(self.run_section(&book, number, &[])));
    }

    /// Creates copies of the marts: orders 1 to `last`, one every six days after 2025-02-01, each
    /// with two events.
    fn create_staging(&mut self, last: u32) {
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

    /// Inserts the orders `first` to `last` into the raw tables, with the values of the staging
    /// tables.
    fn land(&mut self, first: u32, last: u32) {
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
        self.run_block(run, &[]);
    }
}

const STAGING: &[(&str, &str)] = &[("staging", "staging")];

/// The lines with rows, without the status lines of psql.
fn rows(printed: &str) -> Vec<&str> {
    printed.lines().filter(|line| line.contains('|')).collect()
}

#[test]
fn from_nothing_through_installation_to_qa() {
    let mut operator = Operator::new("runbook_qa", "  - 2025_h1\n");
    operator.install();
    let installation = operator.book("installation");
    // Rolls back the installation, and installs again.
    operator.roll_back(&installation, 3);
    let left = "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'settlement_ods' AND tablename LIKE 'hist%'";
    assert_eq!(operator.number(left), 0);
    operator.run_section(&installation, 3, &[]);
    let qa = operator.book("qa");
    operator.land(1, 3);
    let printed = operator.run_section(&installation, 4, &[]);
    assert_eq!(rows(&printed[1])[0].split('|').nth(1), Some("3"), "{printed:?}");
    operator.engine.run("DELETE FROM settlement_public.uni_tracking_info_raw");
    operator.engine.run("DELETE FROM settlement_public.ecs_order_info_raw");
    operator.engine.run("DELETE FROM settlement_public.uni_tracking_spath_raw");

    operator.create_staging(60);
    operator.roll_back(&qa, 1);
    let printed = operator.run_section(&qa, 1, STAGING);
    // 60 orders, of 2025-02-07 to 2026-01-27; 29 of them are older than 180 days then.
    assert_eq!(rows(&printed[4])[0], "mart_uni_tracking_info|60|1738886400|1769472000|29");
    operator.run_block(&qa.sections[0].steps[3], STAGING);
    assert_eq!(operator.number(&format!("SELECT COUNT(*) FROM {UTI}")), 60, "a second run adds no row");
    let inserted = &operator.run_section(&qa, 2, &[])[1];
    assert_eq!(inserted.lines().filter(|line| *line == "INSERT 0 1").count(), 3, "{inserted}");
    let timed = &operator.run_section(&qa, 3, &[])[0];
    assert_eq!(timed.matches("Time: ").count(), timed.matches("09_trim").count(), "{timed}");
    assert_eq!(timed.matches("09_trim__2025_h1.sql\n").count(), 3, "{timed}");
    let printed = operator.run_section(&qa, 4, &[]);
    // Of 29 due orders, 24 are of 2025_h1.
    assert!(printed[1].contains("settlement_ods.hist_uni_tracking_info_2025_h1|24\n"), "{}", printed[1]);
    assert!(printed[1].contains("settlement_ods.hist_ecs_order_info_2025_h1|24\n"), "{}", printed[1]);
    let found = rows(&printed[2]);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found.iter().all(|row| row.ends_with("|no period covers its time")), "{found:?}");
    let deleted = &operator.run_section(&qa, 5, &[])[0];
    assert_eq!(deleted.lines().filter(|line| *line == "DELETE 1").count(), 3, "{deleted}");
    // The monitor counts parents without a child. Two children are deleted here.
    operator.engine.run("DELETE FROM settlement_ods.mart_ecs_order_info WHERE order_id IN (59, 60)");
    assert_eq!(operator.psql(&qa.sections[5].steps[0].text, &[]), "");
    assert_eq!(operator.psql(&qa.sections[5].steps[1].text, &[]), "mart_ecs_order_info|2\n");
    operator.roll_back(&qa, 3);
    assert_eq!(operator.number("SELECT COUNT(*) FROM settlement_ods.all_hist_uni_tracking_info"), 0);
}

#[test]
fn from_staging_tables_through_years_of_production() {
    let mut operator = Operator::new("runbook_production", "  - 2025_h1\n");
    operator.install();
    // 37 orders, of 2025-02-07 to 2025-09-11: those of before 2025-03-15 are due.
    operator.create_staging(37);
    let migration = operator.book("migration");
    operator.run_section(&migration, 1, STAGING);
    operator.roll_back(&migration, 1);
    operator.run_section(&migration, 1, STAGING);
    for _ in 0..2 {
        operator.run_section(&migration, 2, STAGING);
        operator.run_section(&migration, 3, &[]);
        assert_eq!(operator.number("SELECT COUNT(*) FROM settlement_ods.hist_uni_tracking_info_2025_h1"), 6);
        assert_eq!(operator.number(&format!("SELECT COUNT(*) FROM {UTI}")), 31);
        operator.roll_back(&migration, 3);
        assert_eq!(operator.number("SELECT COUNT(*) FROM settlement_ods.all_hist_uni_tracking_info"), 0);
    }
    operator.run_section(&migration, 2, STAGING);
    (3..=7).for_each(|number| drop(operator.run_section(&migration, number, STAGING)));

    // A rotation in time.
    let rotation = operator.book("rotation");
    (1..=3).for_each(|number| drop(operator.run_section(&rotation, number, &[])));
    assert!(std::fs::read_to_string(operator.path("periods.yml")).expect("a text").ends_with("  - 2025_h2\n"));

    // Half a year later: orders until 2026-07-26. Orders before 2026-01-27 are due, and 2026_h1 was
    // not added.
    operator.land(38, 90);
    operator.today = "2026-07-27";
    operator.cycle();
    let late = operator.book("late-period");
    let printed = operator.run_section(&late, 1, &[]);
    assert_eq!(rows(&printed[0])[0], "ARCHIVE_ROUTING_GAP|no period covers its time|4", "{printed:?}");
    assert_eq!(rows(&printed[1])[0], "mart_uni_tracking_info|4|1767398400|1768953600");
    (2..=4).for_each(|number| drop(operator.run_section(&late, number, &[])));
    assert_eq!(operator.number("SELECT COUNT(*) FROM settlement_ods.hist_uni_tracking_info_2026_h1"), 4);

    remove_the_last_period(&mut operator);
    add_a_period_for_older_rows(&mut operator);
    restore_one_key(&operator);
    erase_one_key(&mut operator);
    seal_and_unseal(&mut operator);
    retire_the_first_period(&mut operator);
    operator.shell("rowkeep doctor; rowkeep check");
}

/// The period contains rows, and one of them is newer than the mart's row. Its rows return to the
/// mart, and are archived again when the period is added again.
fn remove_the_last_period(operator: &mut Operator) {
    let archived = "SELECT COUNT(*) FROM settlement_ods.hist_uni_tracking_info_2026_h1";
    assert_eq!(operator.number(archived), 4);
    operator.engine.run(&format!("INSERT INTO {UTI} VALUES (56, 1, 1767398399)"));
    let book = operator.book("remove-period");
    operator.run_section(&book, 1, &[]);
    assert_eq!(operator.psql(&format!("SELECT update_time FROM {UTI} WHERE order_id = 56"), &[]), "1767398400\n");
    operator.edit("periods.yml", |text| text.replace("  - 2026_h1\n", ""));
    operator.run_section(&book, 2, &[]);
    operator.run_section(&book, 3, &[]);
    let left = "SELECT COUNT(*) FROM pg_tables WHERE tablename LIKE '%_2026_h1'";
    assert_eq!(operator.number(left), 0);
    let said = operator.shell("rowkeep doctor 2>&1 || true");
    assert!(!said.contains("RK901") && !said.contains("RK902") && !said.contains("RK916"), "{said}");
    operator.shell("rowkeep rotate 2026_h1; rowkeep compile");
    let rotated = operator.book("installation");
    operator.run_block(&rotated.sections[2].steps[0], &[]);
    operator.cycle();
    assert_eq!(operator.number(archived), 4);
}

fn add_a_period_for_older_rows(operator: &mut Operator) {
    operator.engine.run(
        "INSERT INTO settlement_public.uni_tracking_info_raw VALUES (1000, 1, 1700000000, 1, CURRENT_TIMESTAMP AT TIME ZONE 'UTC')",
    );
    operator.cycle();
    let book = operator.book("lower-edge");
    let printed = operator.run_section(&book, 1, &[]);
    assert_eq!(rows(&printed[0]), ["mart_uni_tracking_info|1|1700000000"]);
    let line = book.sections[1].steps.iter().find(|block| block.language == "yaml").expect("the line").text.clone();
    operator.edit("periods.yml", |text| text.replace("hist_periods:\n", &format!("hist_periods:\n{line}\n")));
    operator.run_section(&book, 2, &[]);
    operator.run_section(&book, 3, &[]);
    assert_eq!(operator.number("SELECT COUNT(*) FROM settlement_ods.hist_uni_tracking_info_legacy"), 1);
    assert_eq!(operator.run_section(&operator.book("exceptions"), 1, &[]), [""]);
}

/// The period of the older rows is no longer kept. A row of that time that raw still has leaves for
/// good.
fn retire_the_first_period(operator: &mut Operator) {
    let book = operator.book("retire-period");
    operator.engine.run(
        "INSERT INTO settlement_ods.order_tracking_exceptions (order_id, exception_type, detected_at, notes)
         VALUES (1000, 'ARCHIVE_ROUTING_GAP_HOLD', TIMESTAMP '2026-01-01 00:00:00', 'a lawsuit')",
    );
    let held = operator.psql(&book.sections[0].steps[2].text, &[]);
    assert_eq!(rows(&held), ["mart_uni_tracking_info|1000|2026-01-01 00:00:00|a lawsuit"]);
    operator.engine.run("DELETE FROM settlement_ods.order_tracking_exceptions WHERE notes = 'a lawsuit'");
    assert_eq!(rows(&operator.run_section(&book, 1, &[])[1]), ["mart_uni_tracking_info|2"]);
    let copied = operator.run_section(&book, 2, &[]);
    assert!(copied[0].contains("COPY 2\n"), "{copied:?}");
    let kept = std::fs::read_to_string(operator.path("hist_uni_tracking_info_legacy.csv")).expect("the copy");
    assert!(kept.contains("1000,1,1700000000"), "{kept}");
    operator.edit("periods.yml", |text| {
        text.lines().filter(|line| !line.contains("legacy")).map(|line| format!("{line}\n")).collect()
    });
    let line = book.sections[2].steps.iter().find(|block| block.language == "yaml").expect("the line").text.clone();
    assert_eq!(line.trim(), "retired_before: 2025-01-01");
    operator.edit("rowkeep.yml", |text| format!("{line}\n{text}"));
    operator.run_section(&book, 3, &[]);
    operator.run_section(&book, 4, &[]);
    assert_eq!(operator.number("SELECT COUNT(*) FROM pg_tables WHERE tablename LIKE '%_legacy'"), 0);
    operator.engine.run(
        "INSERT INTO settlement_public.uni_tracking_info_raw VALUES (1000, 1, 1700000000, 1, CURRENT_TIMESTAMP AT TIME ZONE 'UTC')",
    );
    operator.cycle();
    assert_eq!(
        operator.number("SELECT COUNT(*) FROM settlement_ods.all_hist_uni_tracking_info WHERE order_id = 1000"),
        0
    );
    assert_eq!(operator.run_section(&operator.book("exceptions"), 1, &[]), [""]);
    let monitor = std::fs::read_to_string(operator.path("target/rowkeep/monitors/mart_uni_tracking_info__retired.sql"));
    let found = operator.psql(&monitor.expect("a monitor"), &[]);
    assert!(found.ends_with("|1700000000\n"), "{found}");
}

fn restore_one_key(operator: &Operator) {
    let book = operator.book("restore");
    let given = |model| [("key", "\"'5'\""), ("model", model)];
    let [uti, ecs] = ["mart_uni_tracking_info", "mart_ecs_order_info"];
    let ask = |number: usize| operator.psql(&book.sections[0].steps[number].text, &[("key", "'5'")]);
    let is_at = |place: &str, models: usize| {
        let printed = ask(2);
        let at = rows(&printed).iter().filter(|row| row.starts_with(place)).count();
        assert_eq!(at, models, "{printed:?}");
    };
    assert_eq!(ask(1), "", "no hold is open");
    is_at("history|5|", 4);
    // The operator sets key and model first.
    let run_section = |number: usize, model| operator.run_block(&book.sections[number - 1].steps[0], &given(model));
    for model in [uti, ecs] {
        assert_eq!(run_section(2, model), "INSERT 0 1\n");
        run_section(3, model);
    }
    assert_eq!(rows(&ask(1)).len(), 2, "each model has its own hold");
    is_at("mart|5|", 2);
    operator.cycle();
    is_at("mart|5|", 2);
    [uti, ecs].into_iter().for_each(|model| assert_eq!(run_section(4, model), "UPDATE 1\n"));
    operator.cycle();
    is_at("history|5|", 4);
}

/// An archived key with its parent and its events. Raw delivers it again, and it stays away until
/// an operator removes it from the list.
fn erase_one_key(operator: &mut Operator) {
    operator.edit("rowkeep.yml", |text| {
        text.replace("key: order_id }", "key: order_id, erased: { table: erased_orders, keys: hashed } }")
    });
    operator.shell("rowkeep compile");
    operator.run_block(&operator.book("installation").sections[2].steps[0], &[]);
    let book = operator.book("erase");
    let given = [("key", "\"'7'\""), ("list", "erase__order_tracking_exceptions")];
    let ask =
        |operator: &Operator, number: usize| operator.psql(&book.sections[0].steps[number].text, &[("key", "'7'")]);
    let archived = ["history 2025_h1|1", "history 2025_h1|1", "history 2025_h1|2"];
    assert_eq!(ask(operator, 1), "", "no hold is open");
    assert_eq!(rows(&ask(operator, 2)), archived);
    let erase = &book.sections[1].steps[0];
    let printed = operator.run_block(erase, &given);
    assert!(printed.starts_with("INSERT 0 1\n") && printed.contains("DELETE 2\n"), "{printed}");
    let printed = operator.run_block(erase, &given);
    assert!(printed.starts_with("INSERT 0 0\n") && !printed.contains("DELETE 1\n"), "{printed}");
    assert!(book.sections[2].steps.is_empty(), "the project trims every raw table");
    let monitors = &book.sections[3].steps[0];
    for _ in 0..2 {
        assert_eq!(ask(operator, 2), "");
        assert_eq!(operator.run_block(monitors, &[]), "");
        operator.land(7, 7);
        operator.cycle();
    }
    let unlist = &book.sections[1].back[0];
    assert_eq!(operator.run_block(unlist, &[("key", "'7'")]), "DELETE 1\n");
    operator.cycle();
    assert_eq!(rows(&ask(operator, 2)), archived, "the load takes what raw still has, and it is due");
}

fn seal_and_unseal(operator: &mut Operator) {
    let book = operator.book("sealing");
    let line = book.sections[1].steps.iter().find(|block| block.language == "yaml").expect("the line").text.clone();
    operator.edit("rowkeep.yml", |text| format!("{text}{line}\n"));
    operator.run_section(&book, 2, &[]);
    // A late row of a sealed period waits for the sweep. So does an older row in raw, because the
    // load reads it again.
    operator.engine.run(
        "INSERT INTO settlement_public.uni_tracking_info_raw VALUES (2000, 1, 1710000000, 1, CURRENT_TIMESTAMP AT TIME ZONE 'UTC')",
    );
    operator.cycle();
    let waits = &book.sections[2].steps[0];
    assert!(operator.psql(&waits.text, &[]).starts_with("ARCHIVE_ROUTING_GAP|2|"));
    operator.run_block(&book.sections[2].steps[1], &[]);
    assert_eq!(operator.psql(&waits.text, &[]), "");
    assert_eq!(operator.number("SELECT COUNT(*) FROM settlement_ods.hist_uni_tracking_info_legacy"), 2);
    operator.edit("rowkeep.yml", |text| text.replace(&line, ""));
    operator.run_section(&book, 4, &[]);
    operator.cycle();

    // An operator closes exceptions that no statement closes.
    operator.engine.run("INSERT INTO settlement_ods.order_tracking_exceptions VALUES (42, 'ARCHIVE_ROUTING_GAP'), (NULL, 'ARCHIVE_ROUTING_GAP_REFUSED')");
    let exceptions = operator.book("exceptions");
    assert_eq!(rows(&operator.run_section(&exceptions, 1, &[])[0]).len(), 2);
    let close = &exceptions.sections[3].steps[0];
    assert_eq!(operator.shell(&close.text), "UPDATE 1\n");
    let keyless =
        close.text.replace("key=\"'42'\" type=ARCHIVE_ROUTING_GAP", "key=NULL type=ARCHIVE_ROUTING_GAP_REFUSED");
    assert_eq!(operator.shell(&keyless), "UPDATE 1\n");
    operator.run_section(&exceptions, 3, &[]);
    assert_eq!(operator.run_section(&exceptions, 1, &[]), [""]);
}

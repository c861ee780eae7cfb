//! Mutation tests of the rehearsal: each test mutates statements (leaves out a statement or a
//! condition, moves a bound, exchanges tables), and the rehearsal must find a broken law. The table
//! in docs/explanation/testing-tables.md has the law and the seed of each mutation, and why some
//! mutations are harmless.
//!
//! The test compares every line with the changes that are possible, and repeats every twelfth line
//! by its seed. `ROWKEEP_TEETH=repeat` repeats all lines. `ROWKEEP_TEETH=all` writes the table
//! again, which takes long. `ROWKEEP_TEETH=chain,latest_while_in` writes the lines of these goldens
//! again, and `latest_while_in/02_restore+09_trim` the lines of these statements.

use crate::projects;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{ControlFlow, RangeInclusive};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use rowkeep::rehearse::{Engine, Options, Postgres, Program, Project, Report, Statement, rehearse};
use rowkeep::{Dialect, Error, Style};
use sqlparser::ast::{
    BinaryOperator, Expr, Insert, OnConflictAction, OnInsert, Query, SetExpr, Statement as Tree, Value, VisitMut,
    VisitorMut,
};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;

/// Golden, table and steps. Each case tests only steps that the cases above it do not have.
const CASES: [(&str, &str, RangeInclusive<&str>); 14] = [
    ("events_time_outside_key", "mart_events", "00"..="11"),
    ("events_monthly_text_key", "mart_readings", "00"..="11"),
    ("latest_while_in", "mart_details", "01"..="11"),
    ("events_while_in", "mart_scans", "02"..="05"),
    ("chain", "mart_notes", "02"..="03"),
    ("only_when", "mart_orders", "07"..="11"),
    ("only_when", "mart_tasks", "06"..="07"),
    ("only_when", "mart_tasks", "07_resolve_limit"..="07_resolve_limit"),
    ("in_place", "mart_lines", "00_load_insert"..="00_load_insert"),
    ("in_place", "mart_lines", "02_restore"..="02_restore"),
    ("retired", "mart_orders", "09_trim_retired"..="09_trim_retired"),
    ("purge", "mart_orders", "03"..="10"),
    ("purge", "mart_lines", "06"..="08"),
    ("purge", "mart_lines", "09_trim_delete"..="10"),
];
/// A change that breaks no law in this number of stories is harmless.
const SEEDS: u64 = 100;
const CYCLES: usize = 24;
const PAGE: &str = "docs/explanation/testing-tables.md";
const BEGIN: &str = "<!-- the table of teeth -->\n";
const END: &str = "<!-- the end of the table -->\n";

/// A change to every statement of one kind, for all periods.
#[derive(Clone, Debug)]
enum Change {
    LeaveOut,
    /// The condition with this text becomes true.
    Drop(Site),
    /// The comparison with this text includes its bound instead of excluding it, or the reverse.
    Bound(Site),
    /// The statement uses the history table of another period.
    OtherPeriod,
}

/// The text of a condition, without names and bounds of periods: the condition is one site for all
/// periods.
type Site = String;

#[derive(Clone, Debug)]
struct Mutant {
    /// The stem of the statements without the period, such as `08_archive`.
    kind: String,
    change: Change,
}

impl Mutant {
    /// The name of the change in the table.
    fn label(&self) -> String {
        match &self.change {
            Change::LeaveOut => "left out".to_owned(),
            Change::Drop(at) => format!("without `{}`", short(at)),
            Change::Bound(at) => format!("the other side of `{}`", short(at)),
            Change::OtherPeriod => "another period's table".to_owned(),
        }
    }

    fn apply(&self, program: &mut Program, model: &str) {
        let Some(table) = program.tables.iter_mut().find(|table| table.model == model) else { return };
        let periods = listed(&table.hooks, &table.sweep);
        for statements in [&mut table.load, &mut table.hooks, &mut table.sweep] {
            if matches!(self.change, Change::LeaveOut) {
                statements.retain(|statement| kind(statement) != self.kind);
            }
            for statement in statements.iter_mut().filter(|statement| kind(statement) == self.kind) {
                match &self.change {
                    Change::LeaveOut => {}
                    Change::Drop(site) => edit(statement, site, &periods, |expr| *expr = truth()),
                    Change::Bound(site) => edit(statement, site, &periods, other_side),
                    Change::OtherPeriod => mistake_period(statement, &periods),
                }
            }
        }
    }
}

fn truth() -> Expr {
    Expr::Value(Value::Boolean(true).into())
}

fn other_side(expr: &mut Expr) {
    if let Expr::BinaryOp { op, .. } = expr {
        *op = match &*op {
            BinaryOperator::Lt => BinaryOperator::LtEq,
            BinaryOperator::LtEq => BinaryOperator::Lt,
            BinaryOperator::Gt => BinaryOperator::GtEq,
            BinaryOperator::GtEq => BinaryOperator::Gt,
            other => other.clone(),
        };
    }
}

fn kind(statement: &Statement) -> String {
    let (kind, _) = statement.name.split_once("__").unwrap_or((&statement.name, ""));
    kind.to_owned()
}

/// The periods in the names of statements.
fn listed(hooks: &[Statement], sweep: &[Statement]) -> Vec<String> {
    let names = hooks.iter().chain(sweep).filter_map(|statement| Some(statement.name.split_once("__")?.1.to_owned()));
    let mut names: Vec<_> = names.collect();
    names.sort();
    names.dedup();
    names
}

/// Replaces the statement's history table by the one of a neighbouring period. If the statement
/// reads all history tables, replaces the last one.
fn mistake_period(statement: &mut Statement, periods: &[String]) {
    let own = statement.name.split_once("__").map(|(_, period)| period.to_owned());
    let Some(own) = own.or_else(|| periods.last().cloned()) else { return };
    let Some(at) = periods.iter().position(|period| *period == own) else { return };
    let other = if at > 0 { at - 1 } else { at + 1 };
    if let Some(other) = periods.get(other) {
        statement.sql = statement.sql.replace(&format!("_{own}"), &format!("_{other}"));
    }
}

/// The text of a condition, without the parts that differ between periods.
fn normal(expr: &Expr, periods: &[String]) -> String {
    let mut text = expr.to_string();
    for period in periods {
        text = text.replace(&format!("_{period}"), "_p").replace(&format!("history {period}"), "history p");
    }
    let mut out = String::new();
    let mut digits = String::new();
    // Instants are long numbers, or quoted texts that begin with a digit.
    for c in text.chars().chain([' ']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        out.push_str(if digits.len() > 5 { "N" } else { &digits });
        digits.clear();
        out.push(c);
    }
    let mut parts: Vec<_> = out.trim_end().split('\'').map(str::to_owned).collect();
    for quoted in parts.iter_mut().skip(1).step_by(2).filter(|text| text.starts_with(|c: char| c.is_ascii_digit())) {
        "N".clone_into(quoted);
    }
    parts.join("'")
}

/// A long condition is shortened for the table to its beginning and its end.
fn short(text: &str) -> String {
    let text = text.replace("true AND ", "").replace('|', "\\|");
    let chars: Vec<_> = text.chars().collect();
    if chars.len() <= 100 {
        return text;
    }
    let part = |from: usize, to: usize| chars[from..to].iter().collect::<String>();
    format!("{} … {}", part(0, 40).trim_end(), part(chars.len() - 55, chars.len()).trim_start())
}

fn parse(sql: &str) -> Tree {
    let mut statements = Parser::parse_sql(&PostgreSqlDialect {}, sql).expect("what was compiled is SQL");
    let mut tree = statements.remove(0);
    let _ = VisitMut::visit(&mut tree, &mut Wrap);
    tree
}

/// Puts `TRUE AND` before each WHERE, so that a lone condition is a conjunct too.
struct Wrap;

impl Wrap {
    fn wrap(selection: &mut Option<Expr>) {
        if let Some(expr) = selection.take() {
            let and = BinaryOperator::And;
            *selection = Some(Expr::BinaryOp { left: Box::new(truth()), op: and, right: Box::new(expr) });
        }
    }

    fn body(body: &mut SetExpr) {
        match body {
            SetExpr::Select(select) => Self::wrap(&mut select.selection),
            SetExpr::SetOperation { left, right, .. } => {
                Self::body(left);
                Self::body(right);
            }
            _ => {}
        }
    }
}

impl VisitorMut for Wrap {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        Self::body(&mut query.body);
        ControlFlow::Continue(())
    }

    fn pre_visit_statement(&mut self, statement: &mut Tree) -> ControlFlow<()> {
        match statement {
            Tree::Delete(delete) => Self::wrap(&mut delete.selection),
            Tree::Update(update) => Self::wrap(&mut update.selection),
            Tree::Insert(Insert { on: Some(OnInsert::OnConflict(conflict)), .. }) => {
                if let OnConflictAction::DoUpdate(update) = &mut conflict.action {
                    Self::wrap(&mut update.selection);
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

/// Calls `each` with every conjunct of a tree.
struct Conjuncts<F>(F);

impl<F: FnMut(&mut Expr)> VisitorMut for Conjuncts<F> {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::BinaryOp { left, op: BinaryOperator::And, right } = expr {
            for side in [left, right] {
                if !matches!(**side, Expr::BinaryOp { op: BinaryOperator::And, .. }) && **side != truth() {
                    (self.0)(side);
                }
            }
        }
        ControlFlow::Continue(())
    }
}

fn edit(statement: &mut Statement, site: &Site, periods: &[String], change: impl Fn(&mut Expr)) {
    let mut tree = parse(&statement.sql);
    let mut visitor = Conjuncts(|expr: &mut Expr| {
        if normal(expr, periods) == *site {
            change(expr);
        }
    });
    let _ = VisitMut::visit(&mut tree, &mut visitor);
    statement.sql = tree.to_string();
}

/// All mutants of the statements of a model, for some steps.
fn mutants(program: &Program, model: &str, steps: &RangeInclusive<&str>) -> Vec<Mutant> {
    let table = program.tables.iter().find(|table| table.model == model).expect("the case names a model");
    let periods = listed(&table.hooks, &table.sweep);
    let mut found: Vec<Mutant> = Vec::new();
    let mut kinds: Vec<String> = Vec::new();
    for statement in table.load.iter().chain(&table.hooks).chain(&table.sweep) {
        let kind = kind(statement);
        if !steps.contains(&kind.as_str()) || kinds.contains(&kind) {
            continue;
        }
        kinds.push(kind.clone());
        let mut add = |change| found.push(Mutant { kind: kind.clone(), change });
        add(Change::LeaveOut);
        let mut sites: Vec<(Site, bool)> = Vec::new();
        let mut visitor = Conjuncts(|expr: &mut Expr| {
            let site = normal(expr, &periods);
            if sites.iter().any(|(other, _)| *other == site) {
                return;
            }
            let compares = matches!(
                expr,
                Expr::BinaryOp {
                    op: BinaryOperator::Lt | BinaryOperator::LtEq | BinaryOperator::Gt | BinaryOperator::GtEq,
                    ..
                }
            );
            sites.push((site, compares));
        });
        let _ = VisitMut::visit(&mut parse(&statement.sql), &mut visitor);
        for (site, compares) in sites {
            add(Change::Drop(site.clone()));
            if compares {
                add(Change::Bound(site));
            }
        }
        if periods.iter().any(|period| statement.sql.contains(&format!("_{period}"))) {
            add(Change::OtherPeriod);
        }
    }
    found
}

fn project(golden: &str) -> Project {
    // A unique index would stop a change that stores a row twice, before a law breaks. Statements
    // that update in place belong to their unique index.
    let without_indexes = |project: String| match project.contains("index: unique_key") {
        true => project,
        false => project + "\ndefaults: { layout: { index: none } }\n",
    };
    let inputs = projects::golden_with(golden, without_indexes);
    Project::new(&inputs, Dialect::Postgres).unwrap_or_else(|wrong| panic!("{}", wrong.render(&inputs, Style::Plain)))
}

/// The compiled statements of a project.
fn program(project: &Project) -> Program {
    project.program().expect("it compiles")
}

fn open() -> Result<Box<dyn Engine>, Error> {
    let url = std::env::var("ROWKEEP_POSTGRES").expect("ROWKEEP_POSTGRES is set by scripts/with-engines");
    Ok(Box::new(Postgres::connect(&url)?))
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Rehearses a project with changed statements until a law breaks. `Err` if the engine refuses a
/// statement.
fn bite(project: &Project, model: &str, mutant: &Mutant, seeds: std::ops::Range<u64>) -> Result<Report, String> {
    let alter = |program: &mut Program| mutant.apply(program, model);
    let workers = cores().min(usize::try_from(seeds.end - seeds.start).unwrap_or(1));
    let options = Options { seeds, cycles: CYCLES, workers, until_broken: true, alter: &alter };
    rehearse(project, &options, &open, &|_| {}).map_err(|error| {
        let said = error.to_string();
        // Only a refused statement may fail. A failed connection proves nothing.
        assert!(said.contains(&mutant.kind), "{said}");
        said
    })
}

/// A line of the table: the broken laws, or why no law breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    breaks: String,
    seed: String,
}

type Table = BTreeMap<(String, String, String, String), Line>;

fn page() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE)).expect("the page is there")
}

/// The table of the page, by golden, model, statement and change.
fn table_of(page: &str) -> Table {
    let (_, rest) = page.split_once(BEGIN).expect("the table begins");
    let (text, _) = rest.split_once(END).expect("the table ends");
    let mut table = Table::new();
    let (mut golden, mut model) = (String::new(), String::new());
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("### ") {
            let (m, g) = title.split_once(" of ").expect("a model of a golden");
            (model, golden) = (m.trim_matches('`').to_owned(), g.trim_matches('`').to_owned());
        }
        let cells: Vec<_> = line.split(" | ").map(|cell| cell.trim_matches(['|', ' ']).to_owned()).collect();
        if let [statement, change, breaks, seed] = cells.as_slice()
            && statement.starts_with(|c: char| c.is_ascii_digit())
        {
            let key = (golden.clone(), model.clone(), statement.clone(), change.clone());
            let line = Line { breaks: breaks.clone(), seed: seed.clone() };
            assert!(table.insert(key, line).is_none(), "two lines say: {statement}, {change}");
        }
    }
    table
}

#[test]
fn every_change_breaks_the_law_that_the_table_names() {
    let table = table_of(&page());
    let stated = std::env::var("ROWKEEP_TEETH").unwrap_or_default();
    let (every, rewrite) = if stated == "repeat" { (1, String::new()) } else { (16, stated) };
    let is_rewritten = |golden: &str, kind: &str| {
        let of_golden = |kinds: &str| kinds.split('+').any(|named| named == kind);
        rewrite.split(',').any(|name| match name.split_once('/') {
            None => name == "all" || name == golden,
            Some((named, kinds)) => named == golden && of_golden(kinds),
        })
    };
    let mut text = String::new();
    let mut wrong = Vec::new();
    let mut repeated = Vec::new();
    let mut tried = 0;
    for (golden, model, steps) in CASES {
        let project = project(golden);
        text.push_str(&format!(
            "### `{model}` of `{golden}`\n\n| statement | change | breaks | seed |\n|---|---|---|---|\n"
        ));
        for mutant in mutants(&program(&project), model, &steps) {
            tried += 1;
            let label = mutant.label();
            let line = table.get(&(golden.to_owned(), model.to_owned(), mutant.kind.clone(), label.clone()));
            let line = if is_rewritten(golden, &mutant.kind) {
                let line = first_bite(&project, model, &mutant, line);
                eprintln!("{golden}: {} {label}: {} {}", mutant.kind, line.breaks, line.seed);
                line
            } else {
                let Some(line) = line else {
                    wrong.push(format!("{golden}: {} {label}: the table has no line for it", mutant.kind));
                    continue;
                };
                if let Ok(seed) = line.seed.parse() {
                    repeated.push((golden, model, mutant.clone(), seed, line.breaks.clone()));
                } else if [HARMLESS, SHOWN_ABOVE]
                    .iter()
                    .all(|why| line.breaks.strip_prefix(why).is_none_or(|why| why.len() < 10))
                {
                    wrong.push(format!("{golden}: {} {label}: the table does not say why it is harmless", mutant.kind));
                }
                line.clone()
            };
            text.push_str(&format!("| {} | {label} | {} | {} |\n", mutant.kind, line.breaks, line.seed));
        }
        text.push('\n');
        if !rewrite.is_empty() {
            write(&text);
        }
    }
    let lines = repeated.len();
    let repeated: Vec<_> = repeated.into_iter().step_by(every).collect();
    println!("{} of {lines} lines with a seed are repeated", repeated.len());
    wrong.extend(repeat(&repeated));
    if rewrite.is_empty() {
        assert!(wrong.is_empty(), "{} lines of the table are wrong:\n{}", wrong.len(), wrong.join("\n"));
        assert_eq!(tried, table.len(), "the table has lines for changes that are not tried");
    }
}

/// Lines of the table: golden, model, change, seed, and what breaks.
type Repeated = (&'static str, &'static str, Mutant, u64, String);

/// Repeats the story of each line, in parallel. Returns the lines with another result.
fn repeat(lines: &[Repeated]) -> Vec<String> {
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..cores() {
            scope.spawn(|| {
                while let Some((golden, model, mutant, seed, breaks)) = lines.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    let found = bite(&project(golden), model, mutant, *seed..seed + 1).map(|report| laws(&report));
                    let found = found.unwrap_or_else(|_| REFUSED.to_owned());
                    if found != *breaks {
                        let line =
                            format!("{golden}: {} {}, seed {seed}: found {found:?}", mutant.kind, mutant.label());
                        wrong.lock().expect("no thread panicked").push(line);
                    }
                }
            });
        }
    });
    wrong.into_inner().expect("no thread panicked")
}

#[test]
fn parsing_and_printing_statements_breaks_no_law() {
    let goldens: BTreeSet<_> = CASES.map(|(golden, ..)| golden).into();
    for golden in goldens {
        let alter = |program: &mut Program| {
            for table in &mut program.tables {
                let statements = table.load.iter_mut().chain(&mut table.hooks).chain(&mut table.sweep);
                statements.for_each(|statement| statement.sql = parse(&statement.sql).to_string());
            }
        };
        let options = Options { seeds: 0..1, cycles: CYCLES, alter: &alter, ..Options::default() };
        let report = rehearse(&project(golden), &options, &open, &|_| {}).expect("it runs");
        assert!(report.is_clean(), "{golden}: {:#?}", report.laws);
    }
}

const REFUSED: &str = "the engine refuses it";
const HARMLESS: &str = "harmless: ";
/// The stories of another table show that the same condition of the same template is needed.
const SHOWN_ABOVE: &str = "shown above: ";

/// The new line for a change. A person has to add why the change is harmless.
fn first_bite(project: &Project, model: &str, mutant: &Mutant, old: Option<&Line>) -> Line {
    let line = |breaks: &str, seed: &str| Line { breaks: breaks.to_owned(), seed: seed.to_owned() };
    match bite(project, model, mutant, 0..SEEDS) {
        // The story that the engine refuses, or an earlier one that breaks a law.
        Err(_) => {
            let mut each = (0..SEEDS).map(|seed| (seed, bite(project, model, mutant, seed..seed + 1)));
            let first = each.find_map(|(seed, found)| match found.map(|report| laws(&report)) {
                Err(_) => Some(line(REFUSED, &seed.to_string())),
                Ok(broken) if !broken.is_empty() => Some(line(&broken, &seed.to_string())),
                Ok(_) => None,
            });
            first.expect("one story has the error of all stories")
        }
        Ok(report) => match report.laws.iter().flat_map(|law| &law.broken_by).min() {
            Some(seed) => line(&laws(&report), &seed.to_string()),
            None => old.filter(|line| line.seed == "–").cloned().unwrap_or_else(|| line(HARMLESS, "–")),
        },
    }
}

/// Writes the table into the page.
fn write(text: &str) {
    let page = page();
    let (before, rest) = page.split_once(BEGIN).expect("the table begins");
    let (_, after) = rest.split_once(END).expect("the table ends");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    std::fs::write(path, format!("{before}{BEGIN}{text}{END}{after}")).expect("the page can be written");
}

/// The laws that a report finds broken.
fn laws(report: &Report) -> String {
    let broken = report.laws.iter().filter(|law| !law.broken_by.is_empty());
    broken.map(|law| law.law.to_string()).collect::<Vec<_>>().join(", ")
}

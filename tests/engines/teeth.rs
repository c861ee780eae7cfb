//! The judge has teeth: statements are left out, conditions dropped, bounds moved, tables mistaken for one another, and a law
//! breaks each time. The table of docs/explanation/testing-tables.md says which one, by which seed, and why some changes are harmless.
//!
//! As a test, each line of the table is tried again by its seed. `ROWKEEP_TEETH=all` makes the table anew, which takes long; so do the
//! names of goldens with commas between them for their parts, and `chain/04_restore+09_trim` for some statements of one.

use crate::projects;
use std::collections::BTreeMap;
use std::ops::{ControlFlow, RangeInclusive};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use rowkeep::rehearse::{Engine, Options, Postgres, Program, Project, Report, Statement, rehearse};
use rowkeep::{Dialect, Error, Style};
use sqlparser::ast::{BinaryOperator, Expr, Query, SetExpr, Statement as Tree, Value, VisitMut, VisitorMut};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;

/// Which tables are tried, in which goldens, and which of their steps: those that the ones above it do not have.
const CASES: [(&str, &str, RangeInclusive<&str>); 5] = [
    ("events_time_outside_key", "mart_events", "00"..="11"),
    ("events_monthly_text_key", "mart_readings", "00"..="11"),
    ("latest_while_in", "mart_details", "01"..="11"),
    ("events_while_in", "mart_scans", "04"..="07"),
    ("chain", "mart_notes", "04"..="07"),
];
/// A change that breaks no law in so many stories is harmless.
const SEEDS: u64 = 200;
const CYCLES: usize = 24;
const PAGE: &str = "docs/explanation/testing-tables.md";
const BEGIN: &str = "<!-- the table of teeth -->\n";
const END: &str = "<!-- the end of the table -->\n";

/// What is done to every statement of one kind, whichever period it is for.
#[derive(Clone, Debug)]
enum Change {
    LeaveOut,
    /// The condition of this text becomes true.
    Drop(Site),
    /// The comparison of this text takes its bound in, or leaves it out.
    Bound(Site),
    /// A period's history table is taken for another's.
    OtherPeriod,
}

/// A condition by its text, without the names and bounds of periods: one that a template writes for each period is one condition.
type Site = String;

#[derive(Clone, Debug)]
struct Mutant {
    /// The stem of its statements without the period, such as `08_archive`.
    kind: String,
    change: Change,
}

impl Mutant {
    /// How the table says it.
    fn says(&self) -> String {
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

/// The periods that statements are for.
fn listed(hooks: &[Statement], sweep: &[Statement]) -> Vec<String> {
    let names = hooks.iter().chain(sweep).filter_map(|statement| Some(statement.name.split_once("__")?.1.to_owned()));
    let mut names: Vec<_> = names.collect();
    names.sort();
    names.dedup();
    names
}

/// Its own history table becomes its neighbour's; where it reads all of them, the last one becomes its neighbour.
fn mistake_period(statement: &mut Statement, periods: &[String]) {
    let own = statement.name.split_once("__").map(|(_, period)| period.to_owned());
    let Some(own) = own.or_else(|| periods.last().cloned()) else { return };
    let Some(at) = periods.iter().position(|period| *period == own) else { return };
    let other = if at > 0 { at - 1 } else { at + 1 };
    if let Some(other) = periods.get(other) {
        statement.sql = statement.sql.replace(&format!("_{own}"), &format!("_{other}"));
    }
}

/// A condition's text without what differs from period to period.
fn normal(expr: &Expr, periods: &[String]) -> String {
    let mut text = expr.to_string();
    for period in periods {
        text = text.replace(&format!("_{period}"), "_p");
    }
    let mut out = String::new();
    let mut digits = String::new();
    // Instants are long numbers, or quoted and begin with a digit.
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

/// A condition short enough for a table: how it begins, and how it ends.
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

/// Everything that is tried on a model's statements of some steps.
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
            if sites.iter().any(|(known, _)| *known == site) {
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
    let inputs = projects::golden(golden);
    Project::new(&inputs, Dialect::Postgres).unwrap_or_else(|wrong| panic!("{}", wrong.render(&inputs, Style::Plain)))
}

/// The statements of a project as it stands.
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

/// Rehearses a project whose statements were changed, until a law breaks. An engine that refuses the change is told apart.
fn bite(project: &Project, model: &str, mutant: &Mutant, seeds: std::ops::Range<u64>) -> Result<Report, String> {
    let alter = |program: &mut Program| mutant.apply(program, model);
    let workers = cores().min(usize::try_from(seeds.end - seeds.start).unwrap_or(1));
    let options = Options { seeds, cycles: CYCLES, workers, until_broken: true, alter: &alter };
    rehearse(project, &options, &open, &|_| {}).map_err(|error| {
        let said = error.to_string();
        // Only a statement may be refused: nothing is shown by an engine that is not there.
        assert!(said.contains(&mutant.kind), "{said}");
        said
    })
}

/// A line of the table: what breaks, or why nothing does.
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
fn written(page: &str) -> Table {
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
    let known = written(&page());
    let anew = std::env::var("ROWKEEP_TEETH").unwrap_or_default();
    let is_anew = |golden: &str, kind: &str| {
        let of_golden = |kinds: &str| kinds.split('+').any(|named| named == kind);
        anew.split(',').any(|name| match name.split_once('/') {
            None => name == "all" || name == golden,
            Some((named, kinds)) => named == golden && of_golden(kinds),
        })
    };
    let mut text = String::new();
    let mut wrong = Vec::new();
    let mut again = Vec::new();
    let mut tried = 0;
    for (golden, model, steps) in CASES {
        let project = project(golden);
        text.push_str(&format!(
            "### `{model}` of `{golden}`\n\n| statement | change | breaks | seed |\n|---|---|---|---|\n"
        ));
        for mutant in mutants(&program(&project), model, &steps) {
            tried += 1;
            let says = mutant.says();
            let line = known.get(&(golden.to_owned(), model.to_owned(), mutant.kind.clone(), says.clone()));
            let line = if is_anew(golden, &mutant.kind) {
                let line = first_bite(&project, model, &mutant, line);
                eprintln!("{golden}: {} {says}: {} {}", mutant.kind, line.breaks, line.seed);
                line
            } else {
                let Some(line) = line else {
                    wrong.push(format!("{golden}: {} {says}: the table does not know it", mutant.kind));
                    continue;
                };
                if let Ok(seed) = line.seed.parse() {
                    again.push((golden, model, mutant.clone(), seed, line.breaks.clone()));
                } else if [HARMLESS, SHOWN_ABOVE]
                    .iter()
                    .all(|why| line.breaks.strip_prefix(why).is_none_or(|why| why.len() < 10))
                {
                    wrong.push(format!("{golden}: {} {says}: the table does not say why it is harmless", mutant.kind));
                }
                line.clone()
            };
            text.push_str(&format!("| {} | {says} | {} | {} |\n", mutant.kind, line.breaks, line.seed));
        }
        text.push('\n');
        if !anew.is_empty() {
            write(&text);
        }
    }
    wrong.extend(tried_again(&again));
    if anew.is_empty() {
        assert!(wrong.is_empty(), "{} lines of the table are wrong:\n{}", wrong.len(), wrong.join("\n"));
        assert_eq!(tried, known.len(), "the table has lines for changes that are not tried");
    }
}

/// Lines of the table: golden, model, change, seed, and what breaks.
type Again = (&'static str, &'static str, Mutant, u64, String);

/// Tells the story of each line again, side by side, and gives those that come to something else.
fn tried_again(lines: &[Again]) -> Vec<String> {
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..cores() {
            scope.spawn(|| {
                while let Some((golden, model, mutant, seed, breaks)) = lines.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    let found = bite(&project(golden), model, mutant, *seed..seed + 1).map(|report| laws(&report));
                    let found = found.unwrap_or_else(|_| REFUSED.to_owned());
                    if found != *breaks {
                        let line = format!("{golden}: {} {}, seed {seed}: found {found:?}", mutant.kind, mutant.says());
                        wrong.lock().expect("nobody panicked").push(line);
                    }
                }
            });
        }
    });
    wrong.into_inner().expect("nobody panicked")
}

#[test]
fn statements_that_are_only_read_and_printed_again_break_nothing() {
    for (golden, _, _) in CASES {
        let alter = |program: &mut Program| {
            for table in &mut program.tables {
                let statements = table.load.iter_mut().chain(&mut table.hooks).chain(&mut table.sweep);
                statements.for_each(|statement| statement.sql = parse(&statement.sql).to_string());
            }
        };
        let options = Options { seeds: 0..2, cycles: CYCLES, alter: &alter, ..Options::default() };
        let report = rehearse(&project(golden), &options, &open, &|_| {}).expect("it runs");
        assert!(report.is_clean(), "{golden}: {:#?}", report.laws);
    }
}

const REFUSED: &str = "the engine refuses it";
const HARMLESS: &str = "harmless: ";
/// The same condition of the same template is seen to be needed in another table's stories.
const SHOWN_ABOVE: &str = "shown above: ";

/// The line for a change, found anew; why it is harmless is for people to say.
fn first_bite(project: &Project, model: &str, mutant: &Mutant, known: Option<&Line>) -> Line {
    let line = |breaks: &str, seed: &str| Line { breaks: breaks.to_owned(), seed: seed.to_owned() };
    match bite(project, model, mutant, 0..SEEDS) {
        Err(_) => line(REFUSED, "0"),
        Ok(report) => match report.laws.iter().flat_map(|law| &law.broken_by).min() {
            Some(seed) => line(&laws(&report), &seed.to_string()),
            None => known.filter(|line| line.seed == "–").cloned().unwrap_or_else(|| line(HARMLESS, "–")),
        },
    }
}

/// Puts a table into the page.
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

//! Rewrites of every compiled statement. Verify refuses most of them. Each one that it accepts must
//! change the same rows as the statement from which it was made, on a real engine.
//!
//! The test tries some hundred rewrites. `ROWKEEP_REWRITES=20000` tries more, and prints the
//! figures of docs/explanation/testing.md.

mod rewrite;
mod tables;

use std::collections::BTreeMap;

use rowkeep::{Dialect, Inputs};
use sqlparser::parser::Parser;

use crate::engine::{ENGINES, Engine, at};
use crate::grammar::grammar;
use crate::projects;
use rewrite::{Random, rewritten};
use tables::{Literals, create, fill, tables};

/// Loads, composite keys, parents, a time outside of the key, nullable keys.
const PROJECTS: [&str; 5] =
    ["events_time_outside_key", "latest_while_in", "load_lookback", "load_of_nullable_keys", "chain"];

/// How often the tables are filled again. Each accepted rewrite runs over each filling.
const FILLINGS: usize = 8;
const EPOCH: i64 = 1_775_000_000;

#[derive(Debug, Default)]
struct Figures {
    tried: usize,
    accepted: usize,
    runs: usize,
    /// The refused rewrites that an engine ran, and of them those that left other rows.
    refused_ran: usize,
    refused_differ: usize,
    accepted_by_kind: BTreeMap<String, usize>,
}

struct Statement<'c> {
    path: &'c str,
    sql: String,
    /// The index of the table that it changes.
    target: usize,
    accepted: Vec<String>,
    /// Refused rewrites, to see whether the tables tell statements apart: each with whether an
    /// engine ran it, and whether it then left other rows.
    refused: Vec<Refused>,
}

struct Refused {
    sql: String,
    ran: bool,
    differs: bool,
}

#[test]
fn a_rewrite_that_verify_accepts_changes_the_same_rows() {
    let wanted: usize = std::env::var("ROWKEEP_REWRITES").map_or(500, |text| text.parse().expect("a number"));
    let mut figures = Figures::default();
    let mut wrong = Vec::new();
    let each = wanted.div_ceil(PROJECTS.len() * ENGINES.len());
    for dialect in ENGINES {
        for project in PROJECTS {
            let inputs = projects::golden(project).with_dialect(dialect);
            attack(project, &inputs, dialect, each, &mut figures, &mut wrong);
        }
    }
    println!("{figures:#?}");
    assert!(wrong.is_empty(), "{} accepted rewrites are wrong:\n{}", wrong.len(), wrong.join("\n\n"));
    assert!(figures.tried >= wanted && figures.accepted * 50 > figures.tried, "{figures:?}");
    // Tables over which wrong statements end like right ones would prove nothing.
    assert!(figures.refused_differ * 3 > figures.refused_ran, "{figures:?}");
}

fn attack(
    project: &str,
    inputs: &Inputs,
    dialect: Dialect,
    rewrites: usize,
    figures: &mut Figures,
    wrong: &mut Vec<String>,
) {
    let compilation = rowkeep::compile(inputs).expect(project);
    let (verifier, grammar) = (compilation.verifier(), grammar(dialect));
    let all = tables(compilation.spec(), compilation.manifest(), dialect, grammar);
    let random = &mut Random(0x9E37_79B9 ^ (project.len() as u64) << 7 ^ dialect.as_str().len() as u64);
    let mut statements: Vec<Statement<'_>> = Vec::new();
    for path in verifier.paths().filter(|path| path.starts_with("compiled/")) {
        // Most statements of a sweep are those of the cycle.
        if path.contains("/sweep/") && compilation.get(&path.replace("/sweep/", "/")) == compilation.get(path) {
            continue;
        }
        let sql = at(compilation.get(path).expect("a file").trim_end(), dialect, EPOCH);
        let target = target(&sql);
        let target = all.iter().position(|table| table.name == target).unwrap_or_else(|| panic!("{path}: {target}"));
        statements.push(Statement { path, sql, target, accepted: Vec::new(), refused: Vec::new() });
    }
    let (mut turn, mut tried) = (0, 0);
    while tried < rewrites {
        let count = statements.len();
        let statement = &mut statements[turn % count];
        turn += 1;
        let emitted = compilation.get(statement.path).expect("a file");
        let columns = all[statement.target].column_names();
        let Some((text, kinds)) = rewritten(emitted, grammar, &columns, random) else { continue };
        tried += 1;
        if verifier.verify(statement.path, &text).expect("a statement").is_ok() {
            figures.accepted += 1;
            for kind in kinds {
                *figures.accepted_by_kind.entry(format!("{kind:?}")).or_default() += 1;
            }
            statement.accepted.push(at(&text, dialect, EPOCH));
        } else if statement.refused.len() < 4 {
            statement.refused.push(Refused { sql: at(&text, dialect, EPOCH), ran: false, differs: false });
        }
    }
    figures.tried += tried;
    let trees: Vec<_> = statements.iter().flat_map(|it| Parser::parse_sql(grammar, &it.sql).expect("SQL")).collect();
    let literals = Literals::of(&trees);
    let mut engine = Engine::open(dialect, &format!("adversary_{project}"));
    create(&mut engine, &all);
    for _ in 0..FILLINGS {
        fill(&mut engine, &all, &literals, random);
        for statement in &mut statements {
            let rows = all[statement.target].rows();
            let right = engine.after(&statement.sql, &rows).unwrap_or_else(|why| panic!("{}: {why}", statement.path));
            for text in &statement.accepted {
                figures.runs += 1;
                match engine.after(text, &rows) {
                    Ok(found) if found == right => {}
                    Ok(_) => wrong.push(format!("{project} on {dialect}, {}: other rows\n{text}", statement.path)),
                    Err(why) => wrong.push(format!("{project} on {dialect}, {}: {why}\n{text}", statement.path)),
                }
            }
            for refused in &mut statement.refused {
                if let Ok(found) = engine.after(&refused.sql, &rows) {
                    refused.ran = true;
                    refused.differs |= found != right;
                }
            }
        }
    }
    for refused in statements.iter().flat_map(|statement| &statement.refused) {
        figures.refused_ran += usize::from(refused.ran);
        figures.refused_differ += usize::from(refused.differs);
    }
    wrong.dedup();
}

/// The relation that a statement changes.
fn target(sql: &str) -> String {
    let sql = sql.lines().filter(|line| !line.starts_with("--")).collect::<Vec<_>>().join(" ");
    let words: Vec<_> = sql.split([' ', '(']).filter(|word| !word.is_empty()).collect();
    let at = usize::from(words[0] != "UPDATE") + 1;
    words[at].to_owned()
}

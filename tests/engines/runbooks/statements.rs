//! Every run-book of every golden in every dialect: its statements parse, and it contains no
//! template syntax.

use rowkeep::Dialect;
use rowkeep::features::runbooks::RUNBOOKS;

use crate::grammar::grammar;
use crate::projects;
use crate::runbooks::book;

#[test]
fn a_project_of_loads_has_only_the_load_incident_run_book() {
    let artifacts = rowkeep::compile(&projects::order_items()).expect("the example compiles");
    let books: Vec<_> = artifacts.files().iter().filter(|(path, _)| path.starts_with("runbooks/")).collect();
    let [(path, text)] = books.as_slice() else { panic!("{} files", books.len()) };
    assert_eq!(path.as_str(), "runbooks/load-incident.md");
    assert!(!text.contains(['\u{1}', '\u{2}']) && !text.contains("{{") && !text.contains("\n\n\n"), "{text}");
    // Every named file exists.
    let named: Vec<_> =
        text.split("target/rowkeep/").skip(1).filter_map(|rest| rest.split_whitespace().next()).collect();
    assert!(named.len() > 10, "{named:?}");
    for file in named {
        assert!(artifacts.get(file).is_some(), "{file}");
    }
}

#[test]
fn every_statement_of_every_run_book_parses() {
    let mut statements = 0;
    for (at, dialect) in Dialect::ALL.into_iter().enumerate() {
        for (nth, name) in projects::compiling_for(dialect).into_iter().enumerate() {
            // The statements of two goldens differ mostly in names. The test command reads the
            // run-books of each golden for two of the engines, a long run for all.
            let is_chosen = nth % Dialect::ALL.len() == at || (nth + 2) % Dialect::ALL.len() == at;
            if !is_chosen && std::env::var("ROWKEEP_RUNBOOKS").is_err() {
                continue;
            }
            let artifacts = rowkeep::compile(&projects::golden(&name).with_dialect(dialect)).expect(&name);
            for book in RUNBOOKS.iter().map(|book| book.name) {
                let Some(text) = artifacts.get(&format!("runbooks/{book}.md")) else {
                    // The only period cannot be removed, and a project without loads has no load
                    // incidents.
                    let manifest = artifacts.manifest();
                    let of_two = ["remove-period", "retire-period"].contains(&book);
                    let is_only_period = of_two && manifest.periods.len() <= 1;
                    let has_no_loads = book == "load-incident" && manifest.loads.is_empty();
                    // Without history tables per period, or without history, some have no subject.
                    let has_periods = manifest.nodes.values().any(|node| node.history.is_some() && !node.one_history);
                    let has_history = manifest.nodes.values().any(|node| node.history.is_some());
                    let of_periods = ["late-period", "lower-edge", "qa", "rotation", "sealing"].contains(&book);
                    let of_history = ["migration", "restore"].contains(&book);
                    let erases = manifest.repairs.iter().any(|repair| repair.name == "erase");
                    let of_erasure = book == "erase" && !erases;
                    let has_no_subject = (of_periods && !has_periods) || (of_history && !has_history) || of_erasure;
                    assert!(is_only_period || has_no_loads || has_no_subject, "{name}: {book}");
                    continue;
                };
                assert!(!text.contains(['\u{1}', '\u{2}']) && !text.contains("{{"), "{name}: {book}");
                assert!(!text.contains("\n\n\n"), "{name}: {book} has an empty paragraph");
                for section in book::read(text).sections {
                    for block in section.steps.iter().chain(&section.back).filter(|block| block.language == "sql") {
                        let sql = block.text.replace(":staging.", "staging.").replace(":key", "'7'");
                        // sqlparser knows neither the compression of a column nor stated values of
                        // an identity.
                        let sql = sql.replace(" ENCODE az64", "").replace(" ENCODE zstd", "");
                        let sql = sql.replace(" OVERRIDING SYSTEM VALUE", "");
                        let parsed = sqlparser::parser::Parser::parse_sql(grammar(dialect), &sql);
                        let parsed = parsed.unwrap_or_else(|error| panic!("{name}, {dialect}, {book}: {error}\n{sql}"));
                        statements += parsed.len();
                    }
                }
            }
        }
    }
    assert!(statements > 2_500, "{statements}");
}

/// Clients without variables get the key by bash. A `|` or a `&` in it stays.
#[test]
fn a_key_reaches_the_client_as_it_was_written() {
    let inputs = projects::golden("compile/one_archive").with_dialect(Dialect::DuckDb);
    let artifacts = rowkeep::compile(&inputs).expect("it compiles");
    let text = artifacts.get("runbooks/restore.md").expect("a run-book");
    let commands: Vec<_> = text.lines().filter(|line| line.contains("${sql//:key/")).collect();
    assert_eq!(commands.len(), 3, "{text}");
    for command in commands {
        // `cat` is the client, and the statement has each parameter.
        let (_, given) = command.split_once("| {").expect("a pipe");
        let given = given.split("} | ").next().expect("the end of a group");
        let script = format!("printf 'SELECT :key, :notes' | {{{given}}} | cat");
        let output = std::process::Command::new("bash")
            .args(["-c", &script])
            .env("key", r"'A&B|\/$x'")
            .output()
            .expect("bash starts");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.starts_with(r"SELECT 'A&B|\/$x', "), "{script}\n{said}");
    }
}

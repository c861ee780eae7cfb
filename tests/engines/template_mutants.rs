//! The verifier has teeth: the built-in templates are changed in every place where they could be got wrong, and each change is
//! refused, with a code of its own kind; or it is one of the few that `docs/explanation/testing-tables.md` shows to be harmless.

use crate::projects;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use rowkeep::{Code, Dialect, Inputs};

/// Projects that use every template in every form.
const PROJECTS: [&str; 10] = [
    "features/operations_chain",
    "chain",
    "composite_text_key",
    "events_for",
    "events_time_outside_key",
    "events_while_in",
    "load_lookback",
    "load_of_nullable_keys",
    "periods_sealed_while_in",
    "while_in_other_units",
];

/// What is written in a template, and what somebody might write there instead. Each is tried in each place by itself.
const CHANGES: [(&str, &str); 58] = [
    // A condition dropped.
    ("AND {{ has_key(\"m\") }}", "AND TRUE"),
    ("WHERE {{ has_key(\"m\") }}", "WHERE TRUE"),
    ("AND {{ within(\"m\", period) }}", "AND TRUE"),
    ("AND {{ is_due(\"m\") }}", "AND TRUE"),
    ("WHERE {{ is_due(mart|bare) }}", "WHERE TRUE"),
    ("AND {{ not_held(\"m\") }}", "AND TRUE"),
    ("AND {{ not_held(mart|bare) }}", "AND TRUE"),
    ("WHERE {{ not_held(\"gap\") }}", "WHERE TRUE"),
    ("AND {{ not_archived(\"m\") }}", "AND TRUE"),
    ("AND NOT {{ has_parent(\"m\") }}", "AND TRUE"),
    ("WHERE {{ has_parent(\"h\") }}", "WHERE TRUE"),
    ("AND e.resolved_at IS NULL", "AND TRUE"),
    ("AND {{ exceptions|bare }}.resolved_at IS NULL", "AND TRUE"),
    ("WHERE {{ about(\"m\") }}", "WHERE TRUE"),
    ("WHERE ranked.rowkeep_rank = 1", "WHERE TRUE"),
    ("HAVING COUNT(*) > 1", ""),
    ("AND EXISTS (SELECT 1 FROM {{ parent.mart|full }} AS p)", "AND TRUE"),
    ("{{ eligible() }}", ""),
    ("WHERE {{ same(proof, \"copies\", mart|bare) }}", "WHERE TRUE"),
    ("WHERE {{ same(key, \"m\", \"ranked\") }}", "WHERE TRUE"),
    // A key narrowed, or another taken.
    ("same(key, ", "same([key[0]], "),
    ("same(proof, ", "same(key, "),
    ("same(columns, a, b) %}\n{% for column in columns %}", "same(columns, a, b) %}\n{% for column in [columns[0]] %}"),
    ("{% for column in key %}", "{% for column in [key[0]] %}"),
    ("{% for column in proof %}", "{% for column in [proof[0]] %}"),
    ("PARTITION BY {{ key|of", "PARTITION BY {{ [key[0]]|of"),
    ("GROUP BY {{ key|of", "GROUP BY {{ proof|of"),
    // A comparison turned, or its bound taken in or left out.
    (" < ", " <= "),
    (" <= ", " < "),
    (" > ", " >= "),
    (" >= ", " > "),
    (" < ", " > "),
    (" >= ", " <= "),
    (" = ", " <> "),
    (" AND ", " OR "),
    (" OR ", " AND "),
    ("IS NOT NULL", "IS NULL"),
    ("IS NULL", "IS NOT NULL"),
    ("NOT EXISTS (", "EXISTS ("),
    ("EXISTS (\n    SELECT 1 FROM", "EXISTS (\n    SELECT 1 WHERE EXISTS (SELECT 1 FROM"),
    // A period's bounds, or its table, taken for another's.
    ("interval.start|literal", "interval.end|literal"),
    ("interval.end|literal", "interval.start|literal"),
    ("scope.start|literal", "covered.end|literal"),
    ("scope.end|literal", "scope.start|literal"),
    ("{{ place.table|full }}", "{{ histories[0].table|full }}"),
    ("{% for place in histories %}", "{% for place in histories[1:] %}"),
    // Other rows, others of them, or another order.
    ("UNION ALL", "UNION"),
    ("EXCEPT", "UNION ALL"),
    ("SELECT DISTINCT", "SELECT"),
    ("MIN(", "MAX("),
    ("MAX(", "MIN("),
    (" DESC", " ASC"),
    (" DESC NULLS LAST", " DESC"),
    ("{{ columns|of(\"m\") }}", "*"),
    ("({{ columns|name }})", ""),
    ("exception.type|literal", "exception.hold|literal"),
    ("exception.null_key|literal", "exception.type|literal"),
    (" - {{ retention|literal }}", ""),
];

/// The template with one occurrence of a text replaced, for each occurrence; with the line where that is.
fn changed(text: &str, from: &str, to: &str) -> Vec<(usize, String)> {
    let places = text.match_indices(from);
    places
        .map(|(at, _)| (text[..at].lines().count().max(1), format!("{}{to}{}", &text[..at], &text[at + from.len()..])))
        .collect()
}

fn inputs(golden: &str, dialect: Dialect) -> Inputs {
    projects::golden(golden).with_dialect(dialect)
}

/// What the built-in templates give, by project and dialect.
type Sound = BTreeMap<(usize, Dialect), BTreeMap<String, String>>;

/// What becomes of a changed template.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    /// No project's statements are other than before.
    Unused,
    Refused(BTreeSet<Code>),
    /// A project compiles to other statements.
    Survives(String),
}

fn fate(name: &str, template: &str, dialects: &[Dialect], sound: &Sound) -> Fate {
    let mut codes = BTreeSet::new();
    let mut survives = None;
    for (i, golden) in PROJECTS.iter().enumerate() {
        for &dialect in dialects {
            match rowkeep::compile(&inputs(golden, dialect).with_template(name, template)) {
                Err(wrong) => codes.extend(wrong.iter().map(rowkeep::Diagnostic::code)),
                Ok(artifacts) => {
                    let before = &sound[&(i, dialect)];
                    let written = |text: &str| text.split_whitespace().collect::<String>();
                    let other =
                        artifacts.files().iter().filter(|(path, _)| path.ends_with(".sql")).find(|(path, text)| {
                            !before.get(*path).is_some_and(|before| before == *text || written(before) == written(text))
                        });
                    survives = survives.or(other.map(|(path, _)| format!("{golden} for {dialect}: {path}")));
                }
            }
        }
    }
    match survives {
        Some(place) => Fate::Survives(place),
        None if codes.is_empty() => Fate::Unused,
        None => Fate::Refused(codes),
    }
}

/// Changes that are not refused, by template: the table of the page says why nothing is wrong with them.
fn harmless() -> BTreeSet<(String, String)> {
    let page = std::fs::read_to_string(projects::root().join("docs/explanation/testing-tables.md"))
        .expect("the page is there");
    let (_, rest) = page.split_once("<!-- changes that are accepted -->\n").expect("the table begins");
    let (table, _) = rest.split_once("<!-- the end of the accepted -->").expect("the table ends");
    let mut all = BTreeSet::new();
    for line in table.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> = line.split(" | ").map(|cell| cell.trim_matches(['|', ' '])).collect();
        let [template, change, why] = cells.as_slice() else { panic!("three cells: {line}") };
        assert!(why.len() > 20, "{line}: why?");
        all.insert(((*template).to_owned(), (*change).to_owned()));
    }
    all
}

/// Tries every change of one template; gives how many were tried and refused, and those that survive.
fn try_template(name: &str, text: &str, sound: &Sound) -> (usize, usize, Vec<(String, String, String)>) {
    let own: Vec<_> = Dialect::ALL.into_iter().filter(|dialect| name.contains(&format!("/{dialect}/"))).collect();
    let dialects = if own.is_empty() { vec![Dialect::Redshift] } else { own };
    let (mut tried, mut refused, mut survivors) = (0, 0, Vec::new());
    for (from, to) in CHANGES {
        for (line, template) in changed(text, from, to) {
            tried += 1;
            match fate(name, &template, &dialects, sound) {
                Fate::Unused => {}
                Fate::Refused(codes) => {
                    assert!(codes.iter().all(|code| code.as_str().starts_with("RK4")), "{name}:{line}: {codes:?}");
                    refused += 1;
                }
                Fate::Survives(place) => {
                    let change = format!("`{}` for `{}`", to.trim(), from.trim());
                    survivors.push((format!("`{name}`"), change, format!("line {line}, seen in {place}")));
                }
            }
        }
    }
    (tried, refused, survivors)
}

#[test]
fn every_change_of_a_template_is_refused() {
    let mut sound = Sound::new();
    for (i, golden) in PROJECTS.iter().enumerate() {
        for dialect in Dialect::ALL {
            let artifacts = rowkeep::compile(&inputs(golden, dialect)).expect("the golden compiles");
            sound.insert((i, dialect), artifacts.files().clone());
        }
    }
    let folder = projects::root().join("templates");
    // A project can replace the templates of these folders, and no other.
    let replaceable = |file: &std::path::PathBuf| file.starts_with("cycle") || file.starts_with("ddl");
    let files: Vec<_> = projects::files(&folder)
        .into_iter()
        .filter(replaceable)
        .map(|file| {
            let text = std::fs::read_to_string(folder.join(&file)).expect("a template");
            (file.to_string_lossy().replace('\\', "/"), text)
        })
        .collect();
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some((name, text)) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let result = try_template(name, text, &sound);
                    results.lock().expect("nobody panicked").push(result);
                }
            });
        }
    });
    let results = results.into_inner().expect("nobody panicked");
    let tried: usize = results.iter().map(|(tried, ..)| tried).sum();
    let refused: usize = results.iter().map(|(_, refused, _)| refused).sum();
    println!("{tried} changes, {refused} refused");
    assert!(
        tried > 250 && refused > 250,
        "{tried} changes, {refused} refused: the templates moved away from the changes"
    );
    let harmless = harmless();
    let survivors: Vec<_> = results.into_iter().flat_map(|(.., survivors)| survivors).collect();
    let accepted: BTreeSet<_> = survivors.iter().map(|(name, change, _)| (name.clone(), change.clone())).collect();
    let unknown: Vec<_> = survivors
        .iter()
        .filter(|(name, change, _)| !harmless.contains(&(name.clone(), change.clone())))
        .map(|(name, change, place)| format!("{name}: {change}, {place}"))
        .collect();
    assert!(unknown.is_empty(), "{} changes survive:\n{}", unknown.len(), unknown.join("\n"));
    let stale: Vec<_> = harmless.difference(&accepted).collect();
    assert!(
        stale.is_empty(),
        "the table of docs/explanation/testing-tables.md has lines for changes that are refused: {stale:?}"
    );
}

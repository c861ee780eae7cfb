//! Mutation tests of verify: the built-in templates are changed in many places, one at a time.
//! Verify must refuse each change with an RK4xx code, except the harmless changes that are listed
//! in `docs/explanation/testing-tables.md`.

use crate::projects;
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use rowkeep::{Code, Dialect, Verifier};

/// Projects that use every template in every form.
const PROJECTS: [&str; 15] = [
    "features/operations_chain",
    "chain",
    "composite_text_key",
    "events_for",
    "events_time_outside_key",
    "events_while_in",
    "grants",
    "in_place",
    "limit",
    "load_lookback",
    "load_of_nullable_keys",
    "only_when",
    "periods_sealed_while_in",
    "purge",
    "while_in_other_units",
];

/// A text of a template, and its replacement. Each place is changed separately.
const CHANGES: [(&str, &str); 78] = [
    // A condition is left out.
    ("WHERE {{ has_key(\"_m\") }}", "WHERE TRUE"),
    ("AND {{ within(\"_m\", period) }}", "AND TRUE"),
    ("AND {{ is_due(\"_m\") }}", "AND TRUE"),
    ("AND {{ is_due(mart|bare) }}", "AND TRUE"),
    ("WHERE {{ within(mart|bare, period) }}", "WHERE TRUE"),
    ("AND {{ not_held(\"_m\") }}", "AND TRUE"),
    ("AND {{ not_held(\"_gap\") }}", "AND TRUE"),
    ("AND {{ not_archived(\"_m\") }}", "AND TRUE"),
    ("AND NOT {{ has_parent(\"_m\") }}", "AND TRUE"),
    ("AND {{ not_held(row) }}", "AND TRUE"),
    ("AND {{ is_due(row) }}", "AND TRUE"),
    ("AND NOT {{ has_parent(row) }}", "AND TRUE"),
    ("{{ has_key(row) }}\n", "TRUE\n"),
    ("WHERE {{ leaves(\"_m\") }}", "WHERE TRUE"),
    ("_gone.rowkeep_rows > 0", "_gone.rowkeep_rows > 1"),
    ("AND _e.resolved_at IS NULL", "AND TRUE"),
    ("AND {{ exceptions|bare }}.resolved_at IS NULL", "AND TRUE"),
    ("WHERE {{ about(\"_m\") }}", "WHERE TRUE"),
    ("WHERE _ranked.rowkeep_rank = 1", "WHERE TRUE"),
    ("AND EXISTS (SELECT 1 FROM {{ parent.mart|full }} AS _p)", "AND TRUE"),
    ("{{ eligible() }}", ""),
    ("found_in(stale, proof, ", "found_in(stale, key, "),
    ("found_in(mart, proof, ", "found_in(mart, key, "),
    ("{{ and_same_payload(\"_found\", mart|bare) }}", ""),
    ("IS NOT DISTINCT FROM", "="),
    (" OR ({{ column|of(a) }} IS NULL AND {{ column|of(b) }} IS NULL)", ""),
    ("{{ and_qualifies(row) }}", ""),
    ("{{ and_qualifies(\"_m\") }}", ""),
    ("test == \"one_of\" %}=", "test == \"one_of\" %}<>"),
    ("test == \"none_of\" %}NOT ", "test == \"none_of\" %}"),
    ("in_mart()", "\"\""),
    ("here()", "\"\""),
    ("due_here()", "\"\""),
    ("= 'mart'", "<> 'mart'"),
    ("<> 'mart'", "= 'mart'"),
    ("'mart' AS", "'history' AS"),
    ("place.place|literal", "histories[0].place|literal"),
    ("period.place|literal", "histories[0].place|literal"),
    ("JOIN _touched ON", "CROSS JOIN _touched WHERE TRUE OR"),
    ("JOIN _wanted ON", "CROSS JOIN _wanted WHERE TRUE OR"),
    ("JOIN _newest ON {{ same(proof, \"_newest\", \"_h\") }}", "CROSS JOIN _newest"),
    // A part of the key, or another key.
    ("same(key, ", "same([key[0]], "),
    ("same(proof, ", "same(key, "),
    ("same(columns, a, b) %}\n{% for column in columns %}", "same(columns, a, b) %}\n{% for column in [columns[0]] %}"),
    ("{% for column in key %}", "{% for column in [key[0]] %}"),
    ("{% for column in proof %}", "{% for column in [proof[0]] %}"),
    ("PARTITION BY {{ key|of", "PARTITION BY {{ [key[0]]|of"),
    // A comparison is turned, or its bound is included or excluded.
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
    // The bounds or the table of another period.
    ("interval.start|literal", "interval.end|literal"),
    ("interval.end|literal", "interval.start|literal"),
    ("scope.start|literal", "covered.end|literal"),
    ("scope.end|literal", "scope.start|literal"),
    ("{{ place.table|full }}", "{{ histories[0].table|full }}"),
    ("{% for place in histories %}", "{% for place in histories[1:] %}"),
    // Other rows, other columns, or another order.
    ("UNION ALL", "UNION"),
    ("EXCEPT", "UNION ALL"),
    ("SELECT DISTINCT", "SELECT"),
    ("MIN(", "MAX("),
    ("MAX(", "MIN("),
    (" DESC", " ASC"),
    (" DESC NULLS LAST", " DESC"),
    ("{{ columns|of(\"_m\") }}", "*"),
    ("({{ columns|name }})", ""),
    ("exception.type|literal", "exception.hold|literal"),
    ("exception.null_key|literal", "exception.type|literal"),
    (" - {{ retention|literal }}", ""),
];

/// For each occurrence of a text: its line, and the template with this occurrence replaced.
fn changed(text: &str, from: &str, to: &str) -> Vec<(usize, String)> {
    let places = text.match_indices(from);
    places
        .map(|(at, _)| (text[..at].lines().count().max(1), format!("{}{to}{}", &text[..at], &text[at + from.len()..])))
        .collect()
}

/// The result of a changed template.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    /// The statements of all projects stay the same.
    Unused,
    Refused(BTreeSet<Code>),
    /// A statement with another text is accepted.
    Survives(String),
}

fn fate(name: &str, template: &str, verifiers: &[(String, Dialect, Verifier<'_>)], dialects: &[Dialect]) -> Fate {
    let mut codes = BTreeSet::new();
    let mut survives = None;
    for (golden, dialect, verifier) in verifiers.iter().filter(|(_, dialect, _)| dialects.contains(dialect)) {
        for (path, verdict) in verifier.verify_override(name, template) {
            match verdict {
                Err(wrong) => codes.extend(wrong.iter().map(rowkeep::diagnostic::Diagnostic::code)),
                Ok(()) => survives = survives.or_else(|| Some(format!("{golden} for {dialect}: {path}"))),
            }
        }
    }
    match survives {
        Some(place) => Fate::Survives(place),
        None if codes.is_empty() => Fate::Unused,
        None => Fate::Refused(codes),
    }
}

/// Harmless changes that are not refused, by template. The table of the page says why.
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

/// Tests every change of one template. Returns the number of changes, the number of refused
/// changes, and the changes that survive.
fn try_template(
    name: &str,
    text: &str,
    verifiers: &[(String, Dialect, Verifier<'_>)],
) -> (usize, usize, Vec<(String, String, String)>) {
    let own: Vec<_> = Dialect::ALL.into_iter().filter(|dialect| name.contains(&format!("/{dialect}/"))).collect();
    let dialects = match own.is_empty() {
        // Redshift has no mart that is updated in place.
        true if name.contains("upsert") => vec![Dialect::Postgres],
        true => vec![Dialect::Redshift],
        false => own,
    };
    let (mut tried, mut refused, mut survivors) = (0, 0, Vec::new());
    for (from, to) in CHANGES {
        for (line, template) in changed(text, from, to) {
            tried += 1;
            match fate(name, &template, verifiers, &dialects) {
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
    let each = PROJECTS.iter().flat_map(|golden| Dialect::ALL.into_iter().map(move |dialect| (golden, dialect)));
    let compilations: Vec<_> = each
        .map(|(golden, dialect)| {
            let inputs = projects::golden(golden).with_dialect(dialect);
            ((*golden).to_owned(), dialect, rowkeep::compile(&inputs).expect("the golden compiles"))
        })
        .collect();
    let verifiers: Vec<_> = compilations
        .iter()
        .map(|(golden, dialect, compilation)| (golden.clone(), *dialect, compilation.verifier()))
        .collect();
    let folder = projects::root().join("templates");
    // A project can replace only the templates of these folders.
    let replaceable = |file: &std::path::PathBuf| file.starts_with("cycle") || file.starts_with("ddl");
    let files: Vec<_> = projects::files(&folder)
        .into_iter()
        .filter(replaceable)
        .map(|file| {
            let text = std::fs::read_to_string(folder.join(&file)).expect("a template");
            (file.to_string_lossy().replace('\\', "/"), text)
        })
        .collect();
    for (from, _) in CHANGES {
        assert!(files.iter().any(|(_, text)| text.contains(from)), "no template contains {from}");
    }
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some((name, text)) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let result = try_template(name, text, &verifiers);
                    results.lock().expect("no thread panicked").push(result);
                }
            });
        }
    });
    let results = results.into_inner().expect("no thread panicked");
    let tried: usize = results.iter().map(|(tried, ..)| tried).sum();
    let refused: usize = results.iter().map(|(_, refused, _)| refused).sum();
    println!("{tried} changes, {refused} refused");
    assert!(
        tried > 250 && refused > 250,
        "{tried} changes, {refused} refused: the templates no longer contain the texts to change"
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

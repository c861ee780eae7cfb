//! `rowkeep lint`: each rule finds its cases and nothing else, and what Rowkeep compiles is clean.

use std::collections::BTreeMap;
use std::path::Path;

use rowkeep::diagnostic::Format;
use rowkeep::lint::{Options, Report, Source, lint};
use rowkeep::{Code, Dialect, Style};

use crate::projects;
use crate::shop::Shop;

/// Findings that come with those of a rule, because the rule tells why they are worse.
const WORSE: [&str; 2] = ["cutoff-evaluated-twice", "limit-without-order"];

fn of_file(folder: &Path, file: &Path) -> Report {
    let text = std::fs::read_to_string(folder.join(file)).expect("a case");
    lint(vec![Source::new(file.to_string_lossy().replace('\\', "/"), text)], &Options::default())
}

fn rules(report: &Report) -> Vec<&'static str> {
    let mut rules: Vec<_> = report.findings.iter().filter_map(|finding| finding.code().rule()).collect();
    rules.dedup();
    rules
}

/// The cases of a folder of `golden/lint`.
fn cases(folder: &str) -> Vec<std::path::PathBuf> {
    let files = projects::files(&projects::root().join("golden/lint").join(folder));
    files.into_iter().filter(|file| file.extension().is_none_or(|end| end != "snap")).collect()
}

#[test]
fn a_bad_case_has_the_finding_of_its_rule() {
    let folder = projects::root().join("golden/lint/bad");
    let mut by_rule: BTreeMap<String, String> = BTreeMap::new();
    for file in cases("bad") {
        let rule = file.parent().expect("a folder per rule").to_string_lossy().into_owned();
        let report = of_file(&folder, &file);
        let mut found = rules(&report);
        assert!(found.contains(&rule.as_str()), "{}: {found:?}", file.display());
        found.retain(|other| *other != rule && !(WORSE.contains(&rule.as_str()) && *other == "trim-without-proof"));
        assert!(found.is_empty(), "{}: {found:?}", file.display());
        let said = report.findings.in_format(&report.inputs, Format::Human(Style::Plain));
        by_rule.entry(rule).or_default().push_str(&said);
    }
    let known: Vec<_> = Code::ALL.iter().filter_map(|code| code.rule()).collect();
    let missing: Vec<_> = known.iter().filter(|rule| !by_rule.contains_key(**rule)).collect();
    assert!(missing.is_empty(), "no case in golden/lint/bad for {missing:?}");
    for (rule, said) in by_rule {
        let mut settings = insta::Settings::new();
        settings.set_snapshot_path(folder.join(&rule));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!("messages", said));
    }
}

#[test]
fn a_good_case_has_no_finding() {
    let folder = projects::root().join("golden/lint/good");
    for file in cases("good") {
        let report = of_file(&folder, &file);
        assert!(rules(&report).is_empty(), "{}: {}", file.display(), report.findings);
    }
}

/// Goldens that have each kind of statement, and the package of dbt.
const COMPILED: [&str; 5] = [
    "compile/in_place",
    "compile/limit",
    "compile/only_when",
    "features/operations_chain",
    "compile/periods_sealed_while_in",
];

#[test]
fn what_rowkeep_compiles_is_clean() {
    for golden in COMPILED {
        for dialect in Dialect::ALL {
            let compilation = rowkeep::compile(&projects::golden(golden).with_dialect(dialect)).expect("it compiles");
            let files = compilation.artifacts().files().iter();
            let files = files.filter(|(path, _)| path.ends_with(".sql") || path.ends_with(".yml"));
            let files: Vec<_> = files.map(|(path, text)| Source::new(path.as_str(), text.as_str())).collect();
            let report = lint(files, &Options::default());
            assert!(report.statements > 50, "{golden} for {dialect}: {} statements", report.statements);
            assert!(report.findings.iter().len() == 0, "{golden} for {dialect}: {}", report.findings);
        }
    }
}

/// The hooks that the example replaces have the traps that ORDER BY the page on switching names.
#[test]
fn the_handwritten_hooks_have_their_traps() {
    let folder = projects::root().join("examples/handwritten");
    let files = projects::files(&folder).into_iter().map(|file| {
        let text = std::fs::read_to_string(folder.join(&file)).expect("a statement");
        Source::new(file.to_string_lossy(), text)
    });
    let report = lint(files.collect(), &Options::default());
    let found = rules(&report);
    for rule in ["not-in-nullable", "cutoff-from-maximum", "inclusive-period-bound", "select-star"] {
        assert!(found.contains(&rule), "{rule} is not among {found:?}");
    }
    assert!(report.not_read.is_empty(), "{:?}", report.not_read);
}

#[test]
fn the_command_reads_folders_and_counts() {
    let shop = Shop::new();
    shop.write("shop/sql/purge.sql", "DELETE FROM live.runs;\nDO $$ BEGIN EXECUTE build('DELETE FROM ', t); END $$;\n");
    shop.write("shop/sql/target/compiled.sql", "DELETE FROM live.skipped;\n");
    let outcome = shop.run(&["lint", "sql"]);
    assert_eq!(outcome.code, Some(1), "{outcome}");
    insta::assert_snapshot!(outcome.stderr, @"
    error[RK601 delete-without-where]: this DELETE empties `live.runs`, and no statement that was read fills it again
     --> sql/purge.sql:1:1
      |
    1 | DELETE FROM live.runs;
      | ^^^^^^^^^^^^^^^^^^^^^^ all rows
      |
      = help: add a condition; if all rows are meant, write `WHERE TRUE`, or TRUNCATE TABLE where the engine has no TRUE

    not read: sql/purge.sql:2: DO block
    not read: sql/purge.sql:2: EXECUTE statement
    ");
    insta::assert_snapshot!(outcome.stdout, @"1 error in 1 file, 2 statements; 2 texts not read");
    let outcome = shop.run(&["lint", "--ignore", "delete-without-where", "sql"]);
    assert_eq!(outcome.code, Some(0), "{outcome}");
    let outcome = shop.run(&["lint", "--format", "json", "sql/purge.sql"]);
    let json: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    assert_eq!(json["findings"][0]["rule"], "delete-without-where");
    assert_eq!(json["findings"][0]["line"], 1);
    assert_eq!(json["not_read"][0]["what"], "DO block");
    // A file of another kind, which the user names.
    shop.write("shop/sql/dag.py", "def run(cursor):\n    return cursor\n");
    let outcome = shop.run(&["lint", "sql/dag.py"]);
    assert!(outcome.stderr.contains("not read: sql/dag.py:1: no change of rows in SQL"), "{outcome}");
}

#[test]
fn bad_arguments_name_the_edit() {
    let shop = Shop::new();
    let outcome = shop.run(&["lint", "nowhere"]);
    assert_eq!(outcome.code, Some(2), "{outcome}");
    assert!(outcome.stderr.contains("nowhere does not exist"), "{outcome}");
    let outcome = shop.run(&["lint", "--select", "truncat", "."]);
    assert_eq!(outcome.code, Some(2), "{outcome}");
    assert!(outcome.stderr.contains("did you mean truncate?"), "{outcome}");
}

/// Texts that are no SQL, no Jinja and no YAML.
#[test]
fn hostile_files_end_without_a_finding() {
    let deep = format!("DELETE FROM t WHERE {}", "(".repeat(5_000));
    let chain = format!("DELETE FROM t WHERE a{}", " OR a".repeat(20_000));
    let texts = [
        "",
        ";;;",
        "$",
        "$$ é",
        "DO $$é.",
        "'é\\",
        "EXECUTE 'DELETE ! é",
        "EXECUTE format('DELETE %é', é",
        "UNLOAD ($é$ DELETE ! é",
        "DELIMITER é\nDELETE ! é",
        "DELIMITER\u{85}x\n\\copy\né\\",
        "{% macro a() %}{{ return(a()) }}{{ return([a]) }}{% endmacro %}{{ return(a()) }}{{ fromjson('[[') }}",
        "{{",
        "{% macro",
        "{% macro x( %}",
        "{{ config(post_hook=config) }}",
        "{% for a in b %}{% for c in b %}{% for d in range(100000) %}x{% endfor %}{% endfor %}{% endfor %}",
        "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}",
        "\u{E000}1\u{E001}DELETE\u{E000}",
        deep.as_str(),
        chain.as_str(),
    ];
    for text in texts {
        for name in ["a.sql", "a.yml"] {
            let report = lint(vec![Source::new(name, text)], &Options::default());
            assert!(report.findings.iter().len() == 0, "{text:.40}: {}", report.findings);
        }
    }
}

/// A list of periods in `vars:` of dbt_project.yml is the one that a loop runs over.
#[test]
fn variables_of_the_project_are_used() {
    let project = "name: shop\nvars:\n  shop:\n    periods:\n      - {name: 2025_h1, start: '2025-01-01', end: '2025-07-01'}\n      - {name: 2025_h2, start: '2025-08-01', end: '2026-01-01'}\n";
    let model = "{{ config(materialized='incremental', unique_key='id', post_hook=\"{% for p in var('periods', []) %}insert into {{ this }}_{{ p.name }} (id, ts) select r.id, r.ts from {{ this }} r where r.ts >= '{{ p.start }}' and r.ts < '{{ p.end }}' and not exists (select 1 from {{ this }}_{{ p.name }} h where h.id = r.id and h.ts = r.ts);{% endfor %}\") }}\nselect id, ts from {{ ref('x') }}\n";
    let sources = vec![Source::new("dbt_project.yml", project), Source::new("models/m.sql", model)];
    assert_eq!(rules(&lint(sources, &Options::default())), ["period-gap"]);
}

#[test]
fn a_file_of_another_encoding_is_read_or_named() {
    let marked = lint(vec![Source::new("a.sql", "\u{feff}DELETE FROM a.b;")], &Options::default());
    assert_eq!(rules(&marked), ["delete-without-where"]);
    let other = lint(vec![Source::new("a.sql", "D\0E\0L\0E\0T\0E\0")], &Options::default());
    assert_eq!(other.not_read.len(), 1);
    assert_eq!(other.not_read[0].what, "not a text in UTF-8");
}

#[test]
fn the_project_file_says_how_severe_a_rule_is() {
    let shop = Shop::new();
    shop.write(
        "shop/sql/clean.sql",
        "DELETE FROM ops.alarms;\nINSERT INTO ops.hist_orders SELECT * FROM ops.orders;\n",
    );
    let codes = |outcome: &crate::shop::Outcome| {
        let found: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("JSON");
        let found = found["findings"].as_array().expect("findings").clone();
        found
            .iter()
            .map(|one| format!("{} {}", one["level"].as_str().unwrap(), one["code"].as_str().unwrap()))
            .collect()
    };
    let lint = |rules: &str| -> (Option<i32>, Vec<String>) {
        // The other keys of the file are not looked at.
        shop.write("shop/rowkeep.yml", format!("lint: {{ {rules} }}\n"));
        let outcome = shop.run(&["lint", "--format", "json", "sql/clean.sql"]);
        (outcome.code, codes(&outcome))
    };
    let (code, own) = lint("");
    assert_eq!(code, Some(1));
    insta::assert_debug_snapshot!(own, @r#"
    [
        "error RK601",
        "warning RK621",
    ]
    "#);
    let (code, found) = lint("delete-without-where: note, archive-without-guard: ignore, select-star: ignore");
    insta::assert_debug_snapshot!((code, found), @r#"
    (
        Some(
            0,
        ),
        [
            "note RK601",
        ],
    )
    "#);
    shop.write("shop/rowkeep.yml", "lint: { delete-without-were: note, select-star: off }\n");
    insta::assert_snapshot!(shop.refuses(&["lint", "sql"]), @"
    exit 1
    --- stdout
    --- stderr
    error[RK104]: `rowkeep lint` has no rule `delete-without-were`
     --> rowkeep.yml:1:9
      |
    1 | lint: { delete-without-were: note, select-star: off }
      |         ^^^^^^^^^^^^^^^^^^^ not the name of a rule
      |
      = help: did you mean `delete-without-where`?

    error[RK107]: expected `error` or `warning` or `note` or `ignore`, found `off`
     --> rowkeep.yml:1:49
      |
    1 | lint: { delete-without-were: note, select-star: off }
      |                                                 ^^^ not a known word
      |
      = help: did you mean `ignore`?

    2 errors; nothing was written
    ");
    // A project with tables may have the key too.
    shop.write("shop/rowkeep.yml", format!("{}lint: {{ select-star: error }}\n", crate::shop::PROJECT));
    assert_eq!(shop.run(&["compile"]).code, Some(0));
}

/// Each file before and after `--fix`. What no edit can mend without a thought stays as it is.
#[test]
fn mechanical_edits_are_made() {
    let shop = Shop::new();
    let guard = |archive: &str| {
        format!("\n  AND NOT EXISTS (SELECT 1 FROM {archive} AS x WHERE x.id = r.id AND x.at = r.at);\n")
    };
    let insert = "INSERT INTO hist.r_2025_q3 (id, at)\nSELECT r.id, r.at FROM live.r AS r\nWHERE ";
    let guarded = |condition: &str| format!("{insert}{condition}{}", guard("hist.r_2025_q3"));
    let cases = [
        ("between.sql", guarded("r.at BETWEEN '2025-07-01' AND '2025-10-01'"), Some(guarded("r.at >= '2025-07-01' AND r.at < '2025-10-01'"))),
        ("typed.sql", guarded("r.at BETWEEN DATE '2025-07-01' AND DATE '2025-10-01' -- é\r"), Some(guarded("r.at >= DATE '2025-07-01' AND r.at < DATE '2025-10-01' -- é\r"))),
        ("at_most.sql", guarded("r.at >= '2025-07-01' AND r.at <= '2025-10-01'"), Some(guarded("r.at >= '2025-07-01' AND r.at < '2025-10-01'"))),
        ("last_second.sql", guarded("r.at BETWEEN '2025-07-01' AND '2025-09-30 23:59:59'"), None),
        ("negated.sql", "DELETE FROM live.r WHERE NOT at BETWEEN '2025-07-01' AND '2025-10-01';\n".to_owned(), None),
        ("template.sql", format!("{{# x #}}{}", guarded("r.at BETWEEN '2025-07-01' AND '2025-10-01'")), None),
        (
            "not_in.sql",
            "DELETE FROM live.r WHERE id NOT IN (SELECT o.id FROM live.open AS o WHERE o.a = 1 OR o.b = 2 ORDER BY 1);\n".to_owned(),
            Some("DELETE FROM live.r WHERE id NOT IN (SELECT o.id FROM live.open AS o WHERE o.id IS NOT NULL AND (o.a = 1 OR o.b = 2) ORDER BY 1);\n".to_owned()),
        ),
        (
            "not_in_all.sql",
            "DELETE FROM live.r WHERE id NOT IN (SELECT id FROM live.open);\n".to_owned(),
            Some("DELETE FROM live.r WHERE id NOT IN (SELECT id FROM live.open WHERE id IS NOT NULL);\n".to_owned()),
        ),
        ("not_in_two.sql", "DELETE FROM live.r WHERE id NOT IN (SELECT id FROM live.a UNION SELECT id FROM live.b);\n".to_owned(), None),
        (
            "allow.sql",
            "-- rowkeep: allow(truncate) not any more\nSELECT 1; -- rowkeep: allow(truncate) nor here\nSELECT 2;\n".to_owned(),
            Some("SELECT 1;\nSELECT 2;\n".to_owned()),
        ),
    ];
    for (name, before, _) in &cases {
        shop.write(&format!("shop/sql/{name}"), before);
    }
    shop.write("shop/sql/latin.sql", b"-- \xe9\nDELETE FROM live.r WHERE id NOT IN (SELECT id FROM live.open);\n");
    shop.write("shop/rowkeep.yml", "lint: { deletes-what-upstream-lacks: ignore, delete-without-where: ignore }\n");
    let said = shop.run(&["lint", "--fix", "sql"]);
    insta::assert_snapshot!(said.stdout, @"
    fixed 2 findings in sql/allow.sql: unused-allow
    fixed 1 finding in sql/at_most.sql: inclusive-period-bound
    fixed 1 finding in sql/between.sql: inclusive-period-bound
    fixed 1 finding in sql/not_in.sql: not-in-nullable
    fixed 1 finding in sql/not_in_all.sql: not-in-nullable
    fixed 1 finding in sql/typed.sql: inclusive-period-bound
    5 errors in 11 files, 12 statements
    ");
    for (name, before, after) in &cases {
        let text = std::fs::read_to_string(shop.path(&format!("shop/sql/{name}"))).expect("a file");
        assert_eq!(text, *after.as_ref().unwrap_or(before), "{name}");
    }
    assert!(std::fs::read(shop.path("shop/sql/latin.sql")).expect("a file").contains(&0xe9));
    // A second run has nothing to edit.
    assert!(!shop.run(&["lint", "--fix", "sql"]).stdout.contains("fixed"));
}

//! The output formats of findings.

use std::collections::BTreeSet;

use crate::check::committed;
use crate::projects;
use crate::shop::{ORDERS, PROJECT, Shop};

#[test]
fn compile_writes_its_findings_in_the_same_formats() {
    let shop = committed();
    shop.write("shop/periods.yml", "hist_periods: [2025_h3]\n");
    for format in ["json", "github", "sarif"] {
        let (compiled, checked) =
            (shop.run(&["compile", "--format", format]), shop.run(&["check", "--format", format]));
        assert_eq!((compiled.code, compiled.stderr.as_str()), (Some(1), ""), "{format}");
        assert!(compiled.stdout.contains("RK201"), "{format}: {compiled}");
        if format != "json" {
            assert_eq!(compiled.stdout, checked.stdout);
        }
    }
    shop.write("shop/periods.yml", "hist_periods: [2025_h2]\n");
    let done = shop.run(&["compile", "--allow", "period", "--format", "json"]);
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), "{\n  \"findings\": []\n}\n"));
}

#[test]
fn the_format_changes_neither_findings_nor_exit_code() {
    let shop = committed();
    shop.write("shop/periods.yml", "hist_periods: [2025_h2]\n");
    let json = |shop: &Shop, arguments: &[&str]| -> serde_json::Value {
        serde_json::from_str(&shop.run(arguments).stdout).expect("JSON")
    };
    let found = json(&shop, &["check", "--format", "json"]);
    let findings = found["findings"].as_array().expect("a list");
    let human = shop.run(&["check"]);
    assert_eq!(human.stderr.matches("\nerror[").count() + 1, findings.len());
    let sarif = json(&shop, &["check", "--format", "sarif"]);
    assert_eq!(sarif["runs"][0]["results"].as_array().expect("a list").len(), findings.len());
    let github = shop.run(&["check", "--format", "github"]);
    assert_eq!(github.stdout.matches("::error file=").count(), findings.len());
    for format in ["human", "json", "github", "sarif"] {
        assert_eq!(shop.run(&["check", "--format", format]).code, Some(1), "{format}");
    }
    // The fingerprint of a finding does not depend on the lines above it.
    shop.write("shop/periods.yml", "# above\n# it\nhist_periods: [2025_h2]\n");
    let moved = json(&shop, &["check", "--format", "json"]);
    let prints = |found: &serde_json::Value| -> BTreeSet<String> {
        found["findings"].as_array().expect("a list").iter().map(|finding| finding["fingerprint"].to_string()).collect()
    };
    assert_eq!(prints(&found), prints(&moved));
    let line = |found: &serde_json::Value| {
        let findings = found["findings"].as_array().expect("a list").iter();
        findings.filter(|finding| finding["code"] == "RK721").map(|one| one["line"].clone()).collect::<Vec<_>>()
    };
    assert_ne!(line(&found), line(&moved));
    assert_eq!(prints(&found).len(), findings.len(), "each has its own fingerprint");
}

#[test]
fn findings_have_machine_readable_formats() {
    let shop = Shop::new();
    shop.write("shop/periods.yml", "hist_periods: [2025_h2, 2026_h2]\n");
    insta::assert_snapshot!(shop.run(&["check", "--format", "json"]), @r#"
    exit 1
    --- stdout
    {
      "edges": [],
      "findings": [
        {
          "code": "RK202",
          "column": 25,
          "end_column": 32,
          "end_line": 1,
          "file": "periods.yml",
          "fingerprint": "3df747b37cbf22dd8829ea09",
          "help": [
            "add the period between them"
          ],
          "labels": [
            {
              "file": "periods.yml",
              "line": 1,
              "text": "starts 2026-07-01"
            },
            {
              "file": "periods.yml",
              "line": 1,
              "text": "ends 2026-01-01"
            }
          ],
          "level": "error",
          "line": 1,
          "message": "no period covers [2026-01-01, 2026-07-01); due rows of that time would stay in the mart",
          "rule": null
        }
      ]
    }
    --- stderr
    "#);
    insta::assert_snapshot!(shop.run(&["check", "--format", "github"]), @"
    exit 1
    --- stdout
    ::error file=periods.yml,line=1,endLine=1,col=25,endColumn=32,title=RK202::no period covers [2026-01-01, 2026-07-01); due rows of that time would stay in the mart%0Ahelp: add the period between them
    --- stderr
    ");
    insta::assert_snapshot!(shop.run(&["check", "--format", "sarif"]), @r#"
    exit 1
    --- stdout
    {
      "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
      "runs": [
        {
          "columnKind": "unicodeCodePoints",
          "results": [
            {
              "level": "error",
              "locations": [
                {
                  "physicalLocation": {
                    "artifactLocation": {
                      "uri": "periods.yml"
                    },
                    "region": {
                      "endColumn": 32,
                      "endLine": 1,
                      "startColumn": 25,
                      "startLine": 1
                    }
                  }
                }
              ],
              "message": {
                "text": "no period covers [2026-01-01, 2026-07-01); due rows of that time would stay in the mart\nhelp: add the period between them"
              },
              "partialFingerprints": {
                "rowkeep/v1": "3df747b37cbf22dd8829ea09"
              },
              "ruleId": "RK202",
              "ruleIndex": 0
            }
          ],
          "tool": {
            "driver": {
              "name": "rowkeep",
              "rules": [
                {
                  "fullDescription": {
                    "text": "There is a gap between two consecutive periods.\n\nNo history table takes due rows from that time. They would stay in the mart, and\nevery cycle would report them.\n\nFix: add the period between the two.\n"
                  },
                  "id": "RK202",
                  "shortDescription": {
                    "text": "There is a gap between two consecutive periods."
                  }
                }
              ],
              "semanticVersion": "0.1.0"
            }
          }
        }
      ],
      "version": "2.1.0"
    }
    --- stderr
    "#);
    // A file that is not read is a finding too.
    shop.write("shop/tables/parcels.yaml", ORDERS);
    let left_out = shop.run(&["check", "--format", "json"]);
    assert!(left_out.code == Some(1) && left_out.stdout.contains("\"RK108\""), "{left_out}");
    // An error in a rendered statement is reported at the table's line.
    let shop = Shop::new();
    shop.write("shop/rowkeep.yml", format!("{PROJECT}templates: templates/\n"));
    shop.write("shop/templates/cycle/trim.sql.j2", "DELETE FROM {{ mart|full }}\n");
    let github = shop.run(&["check", "--format", "github"]).stdout;
    assert!(
        github.starts_with("::error file=tables/orders.yml,line=1,endLine=1,col=8,endColumn=19,title=RK421::"),
        "{github}"
    );
}

/// The JSON Schema of SARIF 2.1.0, from the serde-sarif crate.
fn sarif_schema() -> serde_json::Value {
    let rustc = std::process::Command::new("rustc").arg("-vV").output().expect("rustc is there");
    let about = String::from_utf8(rustc.stdout).expect("UTF-8");
    let host = about.lines().find_map(|line| line.strip_prefix("host: ")).expect("the platform");
    // Crates of other platforms need not be here.
    let output = std::process::Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--locked", "--filter-platform", host])
        .current_dir(projects::root())
        .output()
        .expect("cargo is there");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("cargo's metadata");
    let packages = metadata["packages"].as_array().expect("a list");
    let found = packages.iter().find(|package| package["name"] == "serde-sarif").expect("it is a dependency");
    let manifest = std::path::Path::new(found["manifest_path"].as_str().expect("a path"));
    let schema = manifest.with_file_name("src").join("schema.json");
    let text = std::fs::read_to_string(schema).expect("the schema is there");
    // A pattern of this schema has one bracket too many.
    serde_json::from_str(&text.replace("-[a-zA-Z]{2}]?$", "-[a-zA-Z]{2}?$")).expect("JSON")
}

#[test]
fn sarif_output_matches_its_schema() {
    let schema = sarif_schema();
    assert!(schema["$id"].as_str().unwrap_or_default().contains("sarif-schema-2.1.0"), "{}", schema["$id"]);
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    assert!(
        !validator.is_valid(&serde_json::json!({ "version": "2.1.0", "runs": [{}] })),
        "the schema refuses nothing"
    );
    let shop = committed();
    let sarif = |shop: &Shop, arguments: &[&str]| -> serde_json::Value {
        let arguments: Vec<_> = ["check", "--format", "sarif"].iter().chain(arguments).copied().collect();
        serde_json::from_str(&shop.run(&arguments).stdout).expect("JSON")
    };
    let clean = sarif(&shop, &[]);
    let warned = sarif(&shop, &["--today", "2026-12-01"]);
    shop.write("shop/periods.yml", "hist_periods: [2025_h2]\n");
    let drifted = sarif(&shop, &[]);
    shop.write("shop/periods.yml", "hist_periods: [2025_h2, 2026_h2]\n");
    let refused = sarif(&shop, &[]);
    for (sarif, results) in [(&clean, 0..1), (&warned, 1..2), (&drifted, 5..99), (&refused, 1..2)] {
        let errors: Vec<_> = validator.iter_errors(sarif).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:#?}");
        assert!(results.contains(&sarif["runs"][0]["results"].as_array().expect("a list").len()));
    }
}

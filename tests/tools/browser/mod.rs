//! The report in a real browser: the Chromium that `scripts/with-browser` installs.

use crate::projects;
use std::process::Command;

use rowkeep::Dialect;
use rowkeep::rehearse::{DuckDb, Engine, Options, Project, rehearse};
use rowkeep::report::{self, report};
use serde_json::Value;

#[test]
fn the_report_is_readable_everywhere() {
    let inputs = projects::example();
    let project = Project::new(&inputs, Dialect::DuckDb).expect("it can be rehearsed");
    let open = || Ok(Box::new(DuckDb::open()?) as Box<dyn Engine>);
    let options = Options { seeds: 0..1, cycles: 6, ..Options::default() };
    let found = rehearse(&project, &options, &open, &|_| {}).expect("it is rehearsed");
    let rehearsal = serde_json::to_string(&found).expect("JSON");
    let today = Some("2026-11-21".parse().expect("a day"));
    let page = report(&inputs, report::Options { today, rehearsal: Some(&rehearsal) }).expect("it compiles");

    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("report.html");
    std::fs::write(&file, page).expect("the page");
    std::env::var("ROWKEEP_CHROMIUM")
        .expect("ROWKEEP_CHROMIUM is set by scripts/with-browser; run the tests through it");
    let mut command = Command::new("node");
    command.arg(projects::root().join("tests/tools/browser/look.cjs")).arg(format!("file://{}", file.display()));
    // ROWKEEP_SHOTS: a folder for screenshots.
    command.args(std::env::var("ROWKEEP_SHOTS"));
    let output = command.output().expect("node is there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let seen: Vec<Value> = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(seen.len(), 3);
    for seen in &seen {
        let name = &seen["name"];
        assert_eq!(seen["errors"], Value::Array(Vec::new()), "{name}");
        let asked = seen["asked"].as_array().expect("a list");
        assert!(
            asked
                .iter()
                .all(|url| url.as_str().is_some_and(|url| url.starts_with("file:") || url.starts_with("data:"))),
            "{asked:?}"
        );
        assert_eq!(seen["heading"], "order_tracking", "{name}");
        let text = seen["text"].as_str().expect("a text");
        for wanted in ["2026-12-28", "mart_ecs_order_info", "The next rotation: 2026_h2", "nothing lost", "superseded"]
        {
            assert!(text.contains(wanted), "{name}: {wanted}");
        }
        assert_eq!(seen["overflow"], 0, "{name} scrolls sideways");
        let timelines = seen["timelines"].as_array().expect("a list");
        assert_eq!(timelines.len(), 3);
        assert!(
            timelines.iter().all(|timeline| timeline["periods"] == 2 && timeline["drawn"] == true),
            "{name}: {timelines:?}"
        );
        assert_eq!(seen["opened"], true, "{name}");
    }
    assert_ne!(seen[0]["ground"], seen[2]["ground"], "dark mode is dark");
}

//! Any text, as SQL with Jinja or as YAML, is linted without a panic, and each finding is in the
//! text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rowkeep::lint::{Options, Source, lint};

fuzz_target!(|input: (bool, &str)| {
    let (is_yaml, text) = input;
    let name = if is_yaml { "hooks.yml" } else { "script.sql" };
    let report = lint(vec![Source::new(name, text)], &Options::default());
    for finding in report.findings.iter() {
        let (_, line) = finding.line(&report.inputs);
        assert!(line <= 1 + text.matches('\n').count(), "a finding beyond the end");
    }
});

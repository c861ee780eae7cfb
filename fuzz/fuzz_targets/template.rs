//! Any text in place of a template gives diagnostics, or statements that verify has accepted.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rowkeep::{Inputs, Style};

const PROJECT: &str = include_str!("../../golden/compile/chain/rowkeep.yml");
const NAMES: [&str; 6] = [
    "cycle/archive.sql.j2",
    "cycle/conditions.sql.j2",
    "cycle/restore.sql.j2",
    "cycle/safety_check.sql.j2",
    "cycle/trim.sql.j2",
    "ddl/rows.sql.j2",
];

fuzz_target!(|input: (u8, &str)| {
    let name = NAMES[usize::from(input.0) % NAMES.len()];
    let inputs = Inputs::new("rowkeep.yml", PROJECT).with_template(name, input.1);
    if let Err(wrong) = rowkeep::compile(&inputs) {
        assert!(wrong.render(&inputs, Style::Plain).starts_with("error[RK"));
    }
});

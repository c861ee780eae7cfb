//! Any SQL in place of a trim is refused, because one text cannot be the trim of two tables.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rowkeep::{Inputs, Style};

const PROJECT: &str = include_str!("../../golden/compile/latest_while_in/rowkeep.yml");

fuzz_target!(|text: &str| {
    // Braces could make the text a template.
    if text.contains('{') {
        return;
    }
    let inputs = Inputs::new("rowkeep.yml", PROJECT).with_template("cycle/trim.sql.j2", text);
    let wrong = rowkeep::compile(&inputs).expect_err("one text is no trim of two tables");
    assert!(wrong.render(&inputs, Style::Plain).starts_with("error[RK"));
});

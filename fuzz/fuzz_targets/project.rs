//! Any text as a project file gives diagnostics or artifacts, the same in every run, and never a
//! panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rowkeep::{Inputs, Style};

fuzz_target!(|text: &str| {
    let inputs = Inputs::new("rowkeep.yml", text);
    match rowkeep::compile(&inputs) {
        Ok(artifacts) => assert_eq!(artifacts.files(), rowkeep::compile(&inputs).expect("as before").files()),
        Err(wrong) => assert!(wrong.render(&inputs, Style::Plain).starts_with("error[RK")),
    }
});

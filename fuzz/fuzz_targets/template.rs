//! Any text in place of a template gives diagnostics, or a statement that verify accepts.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rowkeep::{Compilation, Inputs, Verifier};

const PROJECT: &str = include_str!("../../golden/compile/chain/rowkeep.yml");

static COMPILATION: LazyLock<Compilation> =
    LazyLock::new(|| rowkeep::compile(&Inputs::new("rowkeep.yml", PROJECT)).expect("it compiles"));
static VERIFIER: LazyLock<Verifier<'static>> = LazyLock::new(|| COMPILATION.verifier());
static STATEMENTS: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| VERIFIER.paths().filter(|path| path.starts_with("compiled/")).collect());

fuzz_target!(|input: (u8, &str)| {
    let path = STATEMENTS[usize::from(input.0) % STATEMENTS.len()];
    if let Err(wrong) = VERIFIER.verify_template(path, input.1).expect("a statement") {
        assert!(wrong.iter().all(|one| one.code().as_str().starts_with("RK")));
    }
});

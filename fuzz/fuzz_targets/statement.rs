//! No SQL is accepted as the trim of two tables, and no SQL makes the verifier panic.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rowkeep::{Compilation, Inputs, Verifier};

const PROJECT: &str = include_str!("../../golden/compile/latest_while_in/rowkeep.yml");
const TRIMS: [&str; 2] =
    ["compiled/mart_orders/09_trim__2025_h2.sql", "compiled/mart_details/09_trim__2025_h2.sql"];

static COMPILATION: LazyLock<Compilation> =
    LazyLock::new(|| rowkeep::compile(&Inputs::new("rowkeep.yml", PROJECT)).expect("it compiles"));
static VERIFIER: LazyLock<Verifier<'static>> = LazyLock::new(|| COMPILATION.verifier());

fuzz_target!(|text: &str| {
    let accepted = TRIMS.map(|trim| VERIFIER.verify(trim, text).expect("a statement").is_ok());
    assert_ne!(accepted, [true, true], "one text is no trim of two tables");
});

//! What is particular to Snowflake in compiled statements.

use crate::projects;
use rowkeep::Dialect;

/// TIMESTAMP means one of three types: a parameter of the account decides which one.
#[test]
fn no_statement_leaves_the_type_of_a_timestamp_to_the_account() {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    for golden in projects::compiling_for(Dialect::Snowflake) {
        let inputs = projects::golden(&golden).with_dialect(Dialect::Snowflake);
        let compilation = rowkeep::compile(&inputs)
            .unwrap_or_else(|error| panic!("{}", error.render(&inputs, rowkeep::Style::Plain)));
        let files = compilation.files().iter().filter(|(path, _)| path.ends_with(".sql") || path.ends_with(".md"));
        for (path, text) in files {
            let left = text.split(|c| !is_word(c)).filter(|word| word.eq_ignore_ascii_case("timestamp")).count();
            assert_eq!(left, 0, "{golden}: {path}:\n{text}");
        }
    }
}

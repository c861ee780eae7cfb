//! The one call to the SQL parser.

use sqlparser::ast::Statement;
use sqlparser::dialect::{DuckDbDialect, PostgreSqlDialect, RedshiftSqlDialect};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, Tokenizer, TokenizerError};

use crate::dialect::Dialect;

/// More tokens than any statement of a sound template has; parse trees of flat chains overflow the stack somewhere above.
const MAX_TOKENS: usize = 200_000;

/// Why a text is not SQL; `line` is 1-based where the parser knows it.
#[derive(Debug)]
pub(crate) struct ParseError {
    pub(crate) message: String,
    pub(crate) line: Option<usize>,
}

/// The parser's idea of a dialect.
pub(super) fn grammar(dialect: Dialect) -> &'static dyn sqlparser::dialect::Dialect {
    match dialect {
        Dialect::Redshift => &RedshiftSqlDialect {},
        Dialect::Postgres => &PostgreSqlDialect {},
        Dialect::DuckDb => &DuckDbDialect {},
    }
}

/// A type as the parser prints it, so that two ways to write it compare; as it is written if it is none.
pub(crate) fn data_type(text: &str, dialect: Dialect) -> String {
    let parsed = Parser::new(grammar(dialect)).try_with_sql(text).and_then(|mut parser| parser.parse_data_type());
    parsed.map_or_else(|_| text.to_owned(), |ty| ty.to_string())
}

/// Parses every statement of a text.
///
/// The parser takes nearly anything in every dialect: a text that passes is well formed, not yet legal.
pub(crate) fn parse(sql: &str, dialect: Dialect) -> Result<Vec<Statement>, ParseError> {
    let grammar = grammar(dialect);
    let tokens =
        Tokenizer::new(grammar, sql).tokenize_with_location().map_err(|TokenizerError { message, location }| {
            ParseError { message, line: usize::try_from(location.line).ok() }
        })?;
    let words = tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_))).count();
    if words > MAX_TOKENS {
        return Err(ParseError { message: format!("{words} tokens, more than {MAX_TOKENS}"), line: None });
    }
    Parser::new(grammar).with_tokens_with_locations(tokens).parse_statements().map_err(|error| {
        let message = match error {
            ParserError::TokenizerError(message) | ParserError::ParserError(message) => message,
            ParserError::RecursionLimitExceeded => "nested too deeply".to_owned(),
        };
        // The place of a parse error stands only in its text: "... at Line: 3, Column: 7".
        let line = message.rsplit_once("Line: ").and_then(|(_, rest)| rest.split(',').next()?.parse().ok());
        ParseError { message, line }
    })
}

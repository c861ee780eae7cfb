//! The one call to the SQL parser.

use sqlparser::ast::{BinaryOperator, Expr, Query, SetExpr, Statement};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer, TokenizerError, Whitespace};

use crate::dialect::Dialect;

/// More tokens than any statement of a sound template has; parse trees of flat chains overflow the stack somewhere above.
const MAX_TOKENS: usize = 200_000;

/// Why a text is not SQL; `line` is 1-based where the parser knows it.
#[derive(Debug)]
pub(crate) struct ParseError {
    pub(crate) message: String,
    pub(crate) line: Option<usize>,
}

/// The terms of a chain of one operator, however long: the parser nests it to the left.
pub(crate) fn parts<'a>(expr: &'a Expr, operator: &BinaryOperator) -> Vec<&'a Expr> {
    let mut parts = Vec::new();
    let mut rest = expr;
    loop {
        match rest {
            Expr::BinaryOp { left, op, right } if op == operator => {
                parts.push(&**right);
                rest = left;
            }
            Expr::Nested(inner) if parts.is_empty() => rest = inner,
            _ => break,
        }
    }
    parts.push(rest);
    parts.reverse();
    parts
}

/// A type as the parser prints it, so that two ways to write it compare; as it is written if it is none.
pub(crate) fn data_type(text: &str, dialect: Dialect) -> String {
    let parsed =
        Parser::new(dialect.rules().grammar()).try_with_sql(text).and_then(|mut parser| parser.parse_data_type());
    parsed.map_or_else(|_| text.to_owned(), |ty| ty.to_string())
}

/// Parses every statement of a text that Rowkeep emits: whatever engines and the parser, or those who read statements through
/// Jinja, take for different things is refused.
///
/// The parser takes nearly anything in every dialect: a text that passes is well formed, not yet legal.
pub(crate) fn parse_emitted(sql: &str, dialect: Dialect) -> Result<Vec<Statement>, ParseError> {
    let refuse = |message: &str, at: usize| {
        let line = Some(1 + sql[..at].matches('\n').count());
        Err(ParseError { message: message.to_owned(), line })
    };
    if let Some(at) = sql.find(|c: char| c.is_control() && !matches!(c, '\n' | '\t')) {
        return refuse("a control character, which ends a comment for some", at);
    }
    for opening in ["{{", "{%", "{#"] {
        if let Some(at) = sql.find(opening) {
            return refuse("braces that Jinja would take for its own", at);
        }
    }
    let tokens = tokens(sql, dialect)?;
    let mut chain = Chain::default();
    for found in &tokens {
        let wrong = match &found.token {
            Token::Whitespace(Whitespace::MultiLineComment(text)) if text.contains("/*") => {
                Some("a comment in a comment, which engines end elsewhere")
            }
            Token::Whitespace(Whitespace::SingleLineComment { comment, prefix })
                if prefix != "--" || comment.contains("*/") || comment.contains("/*") =>
            {
                Some("a comment that engines may end elsewhere")
            }
            Token::Word(word) if word.quote_style.is_some_and(|quote| quote != dialect.rules().quote()) => {
                Some("a name in other quotes than those of its engine")
            }
            // On BigQuery these are texts, which no one else takes for one.
            Token::DoubleQuotedString(_) => Some("a text in double quotes"),
            Token::DoubleEq => Some("`==`, which is no comparison in SQL"),
            token if chain.is_too_long_with(token) => {
                Some("a longer chain of operators than parsers can be asked to follow")
            }
            _ => None,
        };
        if let Some(wrong) = wrong {
            let line = usize::try_from(found.span.start.line).ok();
            return Err(ParseError { message: wrong.to_owned(), line });
        }
    }
    let last = tokens.iter().rev().find(|found| !matches!(found.token, Token::Whitespace(_)));
    if let Some(last) = last.filter(|last| last.token == Token::SemiColon) {
        let message = "a semicolon at its end, where whoever runs it puts one".to_owned();
        return Err(ParseError { message, line: usize::try_from(last.span.start.line).ok() });
    }
    parse_tokens(tokens, dialect)
}

/// Sees to it that a text is one query that only reads, and can stand in parentheses.
pub(crate) fn parse_query(sql: &str, dialect: Dialect) -> Result<(), ParseError> {
    let wrong = |message: &str, line: Option<usize>| Err(ParseError { message: message.to_owned(), line });
    let is_parameter = |token: &Token| match token {
        Token::Placeholder(_) | Token::AtSign => true,
        Token::Word(word) => word.quote_style.is_none() && word.value.starts_with('@'),
        _ => false,
    };
    if let Some(found) = tokens(sql, dialect)?.iter().find(|found| is_parameter(&found.token)) {
        return wrong("a parameter, which nobody gives a value", usize::try_from(found.span.start.line).ok());
    }
    match parse_emitted(sql, dialect)?.as_slice() {
        [Statement::Query(query)] if selects(query) => Ok(()),
        [Statement::Query(_)] => wrong("it does more than to select", None),
        [_] => wrong("it is no query", None),
        [] => wrong("it is empty", None),
        _ => wrong("it is more than one statement", None),
    }
}

/// Whether a query, and each that it names, is made of SELECTs that keep nothing and lock nothing.
fn selects(query: &Query) -> bool {
    fn body(of: &SetExpr) -> bool {
        match of {
            SetExpr::Select(select) => select.into.is_none(),
            SetExpr::Query(query) => selects(query),
            SetExpr::SetOperation { left, right, .. } => body(left) && body(right),
            _ => false,
        }
    }
    let named = query.with.iter().flat_map(|with| &with.cte_tables);
    query.locks.is_empty() && body(&query.body) && named.into_iter().all(|named| selects(&named.query))
}

/// Operators in a row, by the parentheses that are open. Trees of chains are as deep as the chain is long, and whoever walks a
/// tree walks it by calling itself.
#[derive(Default)]
struct Chain {
    open: Vec<[usize; 2]>,
    now: [usize; 2],
}

impl Chain {
    /// The most AND and OR, or other operators, between two clauses.
    const MOST: usize = 200;
    /// The most queries in one UNION ALL: a mart, and every period that there can be.
    const MOST_UNIONS: usize = 600;

    fn is_too_long_with(&mut self, token: &Token) -> bool {
        match token {
            Token::LParen => self.open.push(std::mem::take(&mut self.now)),
            Token::RParen => self.now = self.open.pop().unwrap_or_default(),
            Token::Comma => self.now[0] = 0,
            Token::Word(word) => match word.keyword {
                Keyword::AND | Keyword::OR | Keyword::IS | Keyword::NOT | Keyword::AT | Keyword::LIKE => {
                    self.now[0] += 1
                }
                Keyword::UNION | Keyword::EXCEPT | Keyword::INTERSECT => self.now = [0, self.now[1] + 1],
                Keyword::SELECT | Keyword::FROM | Keyword::WHERE | Keyword::ON | Keyword::HAVING | Keyword::SET => {
                    self.now[0] = 0;
                }
                _ => {}
            },
            Token::Plus | Token::Minus | Token::Mul | Token::Div | Token::DoubleColon | Token::StringConcat => {
                self.now[0] += 1;
            }
            _ => {}
        }
        self.now[0] > Self::MOST || self.now[1] > Self::MOST_UNIONS
    }
}

/// The tokens of a text, if they are not too many.
pub(crate) fn tokens(sql: &str, dialect: Dialect) -> Result<Vec<TokenWithSpan>, ParseError> {
    let tokens = Tokenizer::new(dialect.rules().grammar(), sql).tokenize_with_location().map_err(
        |TokenizerError { message, location }| ParseError { message, line: usize::try_from(location.line).ok() },
    )?;
    let words = tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_))).count();
    if words > MAX_TOKENS {
        return Err(ParseError { message: format!("{words} tokens, more than {MAX_TOKENS}"), line: None });
    }
    Ok(tokens)
}

/// Parses every statement, whoever wrote it.
pub(crate) fn parse_tokens(tokens: Vec<TokenWithSpan>, dialect: Dialect) -> Result<Vec<Statement>, ParseError> {
    Parser::new(dialect.rules().grammar()).with_tokens_with_locations(tokens).parse_statements().map_err(|error| {
        let message = match error {
            ParserError::TokenizerError(message) | ParserError::ParserError(message) => message,
            ParserError::RecursionLimitExceeded => "nested too deeply".to_owned(),
        };
        // The place of a parse error stands only in its text: "... at Line: 3, Column: 7".
        let line = message.rsplit_once("Line: ").and_then(|(_, rest)| rest.split(',').next()?.parse().ok());
        ParseError { message, line }
    })
}

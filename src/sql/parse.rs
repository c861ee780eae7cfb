//! Calls the SQL parser. Other modules call it through these functions.

use sqlparser::ast::{Query, SetExpr, Statement};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer, TokenizerError, Whitespace};

use crate::dialect::Dialect;

/// The most tokens of a text. A valid statement has fewer. The parse tree of a longer chain of
/// operators could overflow the stack.
const MAX_TOKENS: usize = 200_000;

/// The reason why a text is not accepted as SQL. `line` is 1-based, and `None` if it is not known.
#[derive(Debug)]
pub(crate) struct ParseError {
    pub(crate) message: String,
    pub(crate) line: Option<usize>,
}

/// A type as the parser prints it, so that two spellings of a type can be compared. A text that is
/// not a type is returned unchanged.
pub(crate) fn data_type(text: &str, dialect: Dialect) -> String {
    let parsed =
        Parser::new(dialect.rules().grammar()).try_with_sql(text).and_then(|mut parser| parser.parse_data_type());
    parsed.map_or_else(|_| text.to_owned(), |ty| ty.to_string())
}

/// Whether a text is exactly one type.
pub(crate) fn is_data_type(text: &str, dialect: Dialect) -> bool {
    let parsed = Parser::new(dialect.rules().grammar())
        .try_with_sql(text)
        .and_then(|mut parser| parser.parse_data_type().map(|_| parser.peek_token().token == Token::EOF));
    parsed.unwrap_or(false)
}

/// Parses every statement of a text that Rowkeep emits. It refuses a text that an engine or Jinja
/// could read in another way than the parser.
///
/// The parser accepts nearly every form in every dialect. So an accepted text is well formed, but
/// the engine may still refuse it.
pub(crate) fn parse_emitted(sql: &str, dialect: Dialect) -> Result<Vec<Statement>, ParseError> {
    if let Some(at) = sql.find('\\') {
        let message = "a backslash, which is an escape character on some engines only".to_owned();
        return Err(ParseError { message, line: Some(1 + sql[..at].matches('\n').count()) });
    }
    let tokens = well_formed(sql, dialect)?;
    if let Some(line) = lost_word(&tokens) {
        let message = "the word GLOBAL after a table, which the parser drops and engines read as a name".to_owned();
        return Err(ParseError { message, line: Some(line) });
    }
    let mut words = tokens.iter().filter(|found| !matches!(found.token, Token::Whitespace(_))).peekable();
    let starts_with_semicolon = words.peek().is_some_and(|first| first.token == Token::SemiColon);
    let refused = words.find_map(|found| {
        let wrong = match &found.token {
            Token::SemiColon if starts_with_semicolon => "a semicolon before the statement",
            token => ambiguous(token, dialect)?,
        };
        Some((wrong, found.span.start.line))
    });
    if let Some((wrong, line)) = refused {
        return Err(ParseError { message: wrong.to_owned(), line: usize::try_from(line).ok() });
    }
    let tokens = if dialect.rules().forms().encode { without_encodings(tokens) } else { tokens };
    parse_tokens(tokens, dialect)
}

/// The tokens of a CREATE TABLE without `ENCODE az64`. The parser does not know this clause, which
/// changes only how a column is stored.
fn without_encodings(mut tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let is_word = |token: &Token, keyword: Keyword| matches!(token, Token::Word(word) if word.keyword == keyword);
    let meaningful: Vec<_> =
        (0..tokens.len()).filter(|&at| !matches!(tokens[at].token, Token::Whitespace(_))).collect();
    let token = |at: usize| &tokens[meaningful[at]].token;
    if meaningful.len() < 2 || !is_word(token(0), Keyword::CREATE) || !is_word(token(1), Keyword::TABLE) {
        return tokens;
    }
    let is_encode = |at: usize| match (token(at - 1), token(at), token(at + 1)) {
        // After a bracket or a comma, the word is the name of a column.
        (Token::LParen | Token::Comma, ..) => false,
        (_, Token::Word(word), Token::Word(_)) => {
            word.quote_style.is_none() && word.value.eq_ignore_ascii_case("encode")
        }
        _ => false,
    };
    let clauses = (2..meaningful.len() - 1).filter(|&at| is_encode(at));
    let removed: Vec<usize> = clauses.flat_map(|at| [meaningful[at], meaningful[at + 1]]).collect();
    for at in removed.into_iter().rev() {
        tokens.remove(at);
    }
    tokens
}

/// The tokens without `OVERRIDING SYSTEM VALUE` after the columns of an INSERT. The parser does not
/// know this clause, which changes nothing in a table without an identity. `OVERRIDING USER VALUE`
/// stays, so that it is refused: with it, a row that returns gets a new number.
fn without_overriding(mut tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let meaningful: Vec<_> =
        (0..tokens.len()).filter(|&at| !matches!(tokens[at].token, Token::Whitespace(_))).collect();
    let is_word = |at: usize, text: &str| match &tokens[at].token {
        Token::Word(word) => word.quote_style.is_none() && word.value.eq_ignore_ascii_case(text),
        _ => false,
    };
    // In another place, the clause stays, and the parser refuses it.
    let first = meaningful.iter().position(|&at| tokens[at].token == Token::RParen);
    let columns_end =
        first.map(|nth| meaningful[nth]).filter(|_| meaningful.first().is_some_and(|&at| is_word(at, "insert")));
    let is_clause = |four: &&[usize]| {
        Some(four[0]) == columns_end
            && four[1..].iter().zip(["overriding", "system", "value"]).all(|(&at, text)| is_word(at, text))
    };
    let found: Vec<usize> = meaningful.windows(4).filter(is_clause).flat_map(|four| four[1..].to_vec()).collect();
    for at in found.into_iter().rev() {
        tokens.remove(at);
    }
    tokens
}

/// The line of a GLOBAL in the place of an alias. The parser reads it as a part of a join, and
/// drops it if no join follows.
fn lost_word(tokens: &[TokenWithSpan]) -> Option<usize> {
    let words: Vec<_> = tokens.iter().filter(|found| !matches!(found.token, Token::Whitespace(_))).collect();
    let is_global = |token: &Token| match token {
        Token::Word(word) => word.quote_style.is_none() && word.value.eq_ignore_ascii_case("global"),
        _ => false,
    };
    let ends_a_source = |at: usize| match &words[at].token {
        Token::RParen => true,
        Token::Word(word) => word.keyword == Keyword::NoKeyword || (at > 0 && words[at - 1].token == Token::Period),
        _ => false,
    };
    let at = (1..words.len()).find(|&at| is_global(&words[at].token) && ends_a_source(at - 1))?;
    usize::try_from(words[at].span.start.line).ok()
}

/// The reason why engines may read a text or a name in another way than the parser.
fn ambiguous(token: &Token, dialect: Dialect) -> Option<&'static str> {
    match token {
        // Two quotes are one quote on every engine except BigQuery.
        Token::SingleQuotedString(text) if text.contains('\'') => {
            Some("a doubled quote in a text, which engines read in different ways")
        }
        Token::Word(word) if word.value.len() > dialect.rules().max_name_bytes() => {
            Some("a name that is longer than the engine allows: the engine would cut it off")
        }
        // Engines turn ASCII letters into lower case. They differ in what they do with other
        // letters.
        Token::Word(word) => {
            let keeps_case = word.quote_style.is_some() && dialect.rules().quoted_names_keep_case();
            let is_clear = keeps_case || word.value.to_lowercase() == word.value.to_ascii_lowercase();
            (!is_clear)
                .then_some("a name with capital letters outside of ASCII, which engines compare in different ways")
        }
        _ => None,
    }
}

/// The tokens of a text that engines and Jinja read as the parser does, apart from names and texts.
fn well_formed(sql: &str, dialect: Dialect) -> Result<Vec<TokenWithSpan>, ParseError> {
    let refuse = |message: &str, at: usize| {
        let line = Some(1 + sql[..at].matches('\n').count());
        Err(ParseError { message: message.to_owned(), line })
    };
    if let Some(at) = sql.find(|c: char| c.is_control() && !matches!(c, '\n' | '\t')) {
        return refuse("a control character, which ends a comment on some engines", at);
    }
    for opening in ["{{", "{%", "{#"] {
        if let Some(at) = sql.find(opening) {
            return refuse("braces, which Jinja would read as its own syntax", at);
        }
    }
    let tokens = tokens(sql, dialect)?;
    let mut chain = Chain::default();
    for found in &tokens {
        let wrong = match &found.token {
            Token::Whitespace(Whitespace::MultiLineComment(text)) if text.contains("/*") => {
                Some("a comment inside a comment, which engines end at different places")
            }
            Token::Whitespace(Whitespace::SingleLineComment { comment, prefix })
                if prefix != "--" || comment.contains("*/") || comment.contains("/*") =>
            {
                Some("a comment that engines may end at different places")
            }
            Token::Word(word) if word.quote_style.is_some_and(|quote| quote != dialect.rules().quote()) => {
                Some("a name in quotes that its engine does not use for names")
            }
            // In double quotes, BigQuery reads a text, and the other engines read a name.
            Token::DoubleQuotedString(_) => Some("a text in double quotes"),
            Token::DoubleEq => Some("`==`, which is not a comparison in SQL"),
            token if chain.is_too_long_with(token) => Some("a chain of operators that is too long for parsers"),
            _ => None,
        };
        if let Some(wrong) = wrong {
            let line = usize::try_from(found.span.start.line).ok();
            return Err(ParseError { message: wrong.to_owned(), line });
        }
    }
    let last = tokens.iter().rev().find(|found| !matches!(found.token, Token::Whitespace(_)));
    if let Some(last) = last.filter(|last| last.token == Token::SemiColon) {
        let message = "a semicolon at its end, where the program that runs it adds one".to_owned();
        return Err(ParseError { message, line: usize::try_from(last.span.start.line).ok() });
    }
    Ok(tokens)
}

/// Checks that a text is one query that only reads, and that it is valid inside parentheses.
pub(crate) fn parse_query(sql: &str, dialect: Dialect) -> Result<(), ParseError> {
    let wrong = |message: &str, line: Option<usize>| Err(ParseError { message: message.to_owned(), line });
    let is_parameter = |token: &Token| match token {
        Token::Placeholder(_) | Token::AtSign => true,
        Token::Word(word) => word.quote_style.is_none() && word.value.starts_with('@'),
        _ => false,
    };
    if let Some(found) = tokens(sql, dialect)?.iter().find(|found| is_parameter(&found.token)) {
        return wrong(
            "a parameter, which has no value when the query runs",
            usize::try_from(found.span.start.line).ok(),
        );
    }
    match parse_tokens(well_formed(sql, dialect)?, dialect)?.as_slice() {
        [Statement::Query(query)] if selects(query) => Ok(()),
        [Statement::Query(_)] => wrong("it is not only a SELECT", None),
        [_] => wrong("it is not a query", None),
        [] => wrong("it is empty", None),
        _ => wrong("it is more than one statement", None),
    }
}

/// Whether a query and its CTEs are SELECTs that create no table and lock no row.
fn selects(query: &Query) -> bool {
    fn body(expression: &SetExpr) -> bool {
        match expression {
            SetExpr::Select(select) => select.into.is_none(),
            SetExpr::Query(query) => selects(query),
            SetExpr::SetOperation { left, right, .. } => body(left) && body(right),
            _ => false,
        }
    }
    let mut ctes = query.with.iter().flat_map(|with| &with.cte_tables);
    query.locks.is_empty() && body(&query.body) && ctes.all(|cte| selects(&cte.query))
}

/// Counts the operators of a chain, for each level of open parentheses. The parse tree of a chain
/// is as deep as the chain is long, and code that walks the tree recurses to this depth.
#[derive(Default)]
struct Chain {
    open: Vec<[usize; 2]>,
    now: [usize; 2],
}

impl Chain {
    /// The most operators, such as AND and OR, in one clause or one item of a list.
    const MOST: usize = 200;
    /// The most queries in one UNION ALL: the mart and the history tables of the most periods.
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

/// The tokens of a text. Refuses a text with too many tokens.
pub(crate) fn tokens(sql: &str, dialect: Dialect) -> Result<Vec<TokenWithSpan>, ParseError> {
    let tokens = Tokenizer::new(dialect.rules().grammar(), sql).tokenize_with_location().map_err(
        |TokenizerError { message, location }| ParseError { message, line: usize::try_from(location.line).ok() },
    )?;
    let count = tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_))).count();
    if count > MAX_TOKENS {
        return Err(ParseError { message: format!("{count} tokens, more than {MAX_TOKENS}"), line: None });
    }
    Ok(tokens)
}

/// Parses every statement of a text, without the checks of [`parse_emitted`].
pub(crate) fn parse_tokens(tokens: Vec<TokenWithSpan>, dialect: Dialect) -> Result<Vec<Statement>, ParseError> {
    let tokens = if dialect.rules().forms().overriding { without_overriding(tokens) } else { tokens };
    let mut parser = Parser::new(dialect.rules().grammar()).with_tokens_with_locations(tokens);
    let statements = parser.parse_statements().map_err(|error| {
        let message = match error {
            ParserError::TokenizerError(message) | ParserError::ParserError(message) => message,
            ParserError::RecursionLimitExceeded => "nested too deeply".to_owned(),
        };
        // Only the text of a parse error has its place: "... at Line: 3, Column: 7".
        let line = message.rsplit_once("Line: ").and_then(|(_, rest)| rest.split(',').next()?.parse().ok());
        ParseError { message, line }
    })?;
    // The parser stops at END, and leaves the rest unread.
    let rest = parser.peek_token();
    if rest.token != Token::EOF {
        let message = format!("the word {} after a statement, where the parser ends", rest.token);
        return Err(ParseError { message, line: usize::try_from(rest.span.start.line).ok() });
    }
    Ok(statements)
}

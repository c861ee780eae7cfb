//! Column types, as a spec writes them. The file of an engine in `dialect` maps each type to the
//! name on that engine. The text of a spec is never copied into SQL.

use std::fmt;

use crate::sql::EngineType;

/// The type of a column, as a spec writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the name of each variant is the word of the spec")]
#[non_exhaustive]
pub enum SqlType {
    Smallint,
    Integer,
    Bigint,
    Boolean,
    Real,
    Double,
    Decimal {
        precision: u8,
        scale: u8,
    },
    Varchar(u32),
    Text,
    Date,
    Timestamp,
    Timestamptz,
    Json,
    Uuid,
    /// Another type of the engine, for a column outside of the key and the time.
    Engine(EngineType),
}

/// `timestamp` for `timestamp(3)`: the digits of a second that a mart keeps. History keeps all of
/// them.
fn without_precision(text: &str) -> Option<String> {
    let (word, rest) = text.split_once('(').filter(|(word, _)| matches!(word.trim(), "timestamp" | "timestamptz"))?;
    let (digits, after) = rest.split_once(')')?;
    digits.trim().parse::<u8>().ok().filter(|digits| *digits <= 6)?;
    Some(format!("{}{after}", word.trim()))
}

/// The largest precision of a decimal that every supported engine stores exactly.
const MAX_PRECISION: u8 = 38;

impl SqlType {
    /// The largest n of `varchar(n)`. It is the limit of Redshift: 65,535 bytes.
    pub(crate) const MAX_VARCHAR: u32 = 65_535;

    /// The types that a spec may use, for messages.
    pub(crate) const WORDS: [&str; 14] = [
        "smallint",
        "integer",
        "bigint",
        "boolean",
        "real",
        "double",
        "decimal(p, s)",
        "varchar(n)",
        "text",
        "date",
        "timestamp",
        "timestamptz",
        "json",
        "uuid",
    ];

    /// The type that has another spelling on some engines.
    pub(crate) fn spelled(text: &str) -> Option<Self> {
        let lower = text.trim().to_ascii_lowercase();
        let lower = without_precision(&lower).unwrap_or(lower);
        let (word, arguments) = lower.split_once('(').map_or((lower.as_str(), ""), |(word, rest)| (word.trim(), rest));
        let with = |word: &str| Self::parse(&format!("{word}({arguments}")).ok();
        Some(match (word, arguments) {
            ("int2", "") => Self::Smallint,
            ("int" | "int4", "") => Self::Integer,
            ("int8" | "int64" | "long", "") => Self::Bigint,
            ("bool", "") => Self::Boolean,
            ("float4", "") => Self::Real,
            ("float8" | "float64" | "double precision", "") => Self::Double,
            ("string", "") => Self::Text,
            ("timestamp" | "timestamp without time zone", "") => Self::Timestamp,
            ("timestamptz" | "timestamp with time zone", "") => Self::Timestamptz,
            ("jsonb" | "super", "") => Self::Json,
            ("numeric" | "number" | "dec", inner) if inner.contains(',') => return with("decimal"),
            ("character varying" | "nvarchar", inner) if !inner.is_empty() => return with("varchar"),
            _ => return None,
        })
    }

    /// Reads a type. `Err` has a description of the expected text.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let lower = text.trim().to_ascii_lowercase();
        let (word, arguments) = match lower.split_once('(') {
            Some((word, rest)) => match rest.strip_suffix(')') {
                Some(inner) => (word.trim(), Some(inner.split(',').map(str::trim).collect::<Vec<_>>())),
                None => return Err("a closing parenthesis".to_owned()),
            },
            None => (lower.as_str(), None),
        };
        let plain = match word {
            "smallint" => Self::Smallint,
            "integer" => Self::Integer,
            "bigint" => Self::Bigint,
            "boolean" => Self::Boolean,
            "real" => Self::Real,
            "double" => Self::Double,
            "text" => Self::Text,
            "date" => Self::Date,
            "timestamp" => Self::Timestamp,
            "timestamptz" => Self::Timestamptz,
            "json" => Self::Json,
            "uuid" => Self::Uuid,
            "varchar" => return Self::varchar(arguments.as_deref()),
            "decimal" => return Self::decimal(arguments.as_deref()),
            _ => return Err(format!("one of {}", Self::WORDS.join(", "))),
        };
        if arguments.is_some() { Err(format!("`{word}` without parentheses")) } else { Ok(plain) }
    }

    fn varchar(arguments: Option<&[&str]>) -> Result<Self, String> {
        match arguments {
            Some([n]) => n.parse().ok().filter(|n| (1..=Self::MAX_VARCHAR).contains(n)).map(Self::Varchar),
            _ => None,
        }
        .ok_or_else(|| format!("`varchar(n)` with n from 1 to {}", Self::MAX_VARCHAR))
    }

    fn decimal(arguments: Option<&[&str]>) -> Result<Self, String> {
        match arguments {
            Some([p, s]) => p.parse().ok().zip(s.parse().ok()),
            _ => None,
        }
        .filter(|&(precision, scale)| (1..=MAX_PRECISION).contains(&precision) && scale <= precision)
        .map(|(precision, scale)| Self::Decimal { precision, scale })
        .ok_or_else(|| format!("`decimal(p, s)` with p from 1 to {MAX_PRECISION} and s from 0 to p"))
    }

    /// Whether the type can be in a key: its equality is exact on every engine.
    pub(crate) fn can_be_key(self) -> bool {
        !matches!(self, Self::Real | Self::Double | Self::Json | Self::Engine(_))
    }

    /// Whether the engine compares two values by `=`.
    pub(crate) fn is_comparable(self) -> bool {
        match self {
            Self::Engine(ty) => ty.is_comparable(),
            _ => true,
        }
    }

    pub(crate) fn is_whole_number(self) -> bool {
        matches!(self, Self::Smallint | Self::Integer | Self::Bigint)
    }
}

impl fmt::Display for SqlType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decimal { precision, scale } => write!(f, "decimal({precision}, {scale})"),
            Self::Varchar(n) => write!(f, "varchar({n})"),
            Self::Engine(ty) => f.write_str(ty.as_str()),
            other => f.write_str(&format!("{other:?}").to_ascii_lowercase()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_with_any_case_and_spaces() {
        assert_eq!(SqlType::parse("Decimal( 18 ,2 )"), Ok(SqlType::Decimal { precision: 18, scale: 2 }));
        assert_eq!(SqlType::parse("VARCHAR(64)"), Ok(SqlType::Varchar(64)));
        for wrong in ["varchar", "varchar(0)", "decimal(2,3)", "bigint(4)", "varchar(3", "int8; drop", "decimal(39,0)"]
        {
            assert!(SqlType::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_printed_type_can_be_read() {
        for ty in [SqlType::Decimal { precision: 9, scale: 0 }, SqlType::Varchar(7), SqlType::Timestamptz] {
            assert_eq!(SqlType::parse(&ty.to_string()), Ok(ty));
        }
    }
}

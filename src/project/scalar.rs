//! Scalars of YAML: words, numbers and constants.

use serde_json::json;

use crate::diagnostic::{Code, Diagnostic, Sink, quoted};
use crate::project::shape::{Shape, wrong_type};
use crate::project::yaml::{Node, Value};

impl Shape for String {
    fn expected() -> String {
        "a word".to_owned()
    }

    fn read(node: &Node, sink: &mut Sink) -> Option<Self> {
        match &node.value {
            Value::Scalar(text) => Some(text.clone()),
            _ => wrong_type(node, sink),
        }
    }

    fn schema() -> serde_json::Value {
        json!({ "type": "string" })
    }
}

/// A text that YAML may also read as a number, such as the period `2025`.
#[derive(Clone, Debug)]
pub(crate) struct Text(pub(crate) String);

impl Shape for Text {
    fn expected() -> String {
        String::expected()
    }

    fn read(node: &Node, sink: &mut Sink) -> Option<Self> {
        String::read(node, sink).map(Text)
    }

    fn schema() -> serde_json::Value {
        json!({ "type": ["string", "integer"] })
    }
}

/// The path of a file with a list of periods.
#[derive(Clone, Debug)]
pub(crate) struct ListPath(pub(crate) String);

impl Shape for ListPath {
    fn expected() -> String {
        "the path of a file".to_owned()
    }

    fn read(node: &Node, sink: &mut Sink) -> Option<Self> {
        let path = String::read(node, sink)?;
        let number = path.strip_prefix("fy").unwrap_or(&path);
        // Without this check, the message would be that no such file exists.
        if number.starts_with(|c: char| c.is_ascii_digit()) && !path.contains(['.', '/']) {
            let message = format!("expected the path of a file or a list, found {}", quoted(&path));
            let diagnostic = Diagnostic::new(Code::WrongType, message, node.span, "one period");
            sink.push(diagnostic.help(format!("write a list, as in `[{path}]`")));
            return None;
        }
        Some(Self(path))
    }

    fn schema() -> serde_json::Value {
        String::schema()
    }
}

/// An amount, which YAML reads as a number.
#[derive(Clone, Debug)]
pub(crate) struct Amount(pub(crate) String);

impl Shape for Amount {
    fn expected() -> String {
        "an amount".to_owned()
    }

    fn read(node: &Node, sink: &mut Sink) -> Option<Self> {
        String::read(node, sink).map(Amount)
    }

    fn schema() -> serde_json::Value {
        json!({ "type": ["string", "number"] })
    }
}

/// A constant, which YAML may also read as a number or a truth value.
#[derive(Clone, Debug)]
pub(crate) struct Plain(pub(crate) String);

impl Shape for Plain {
    fn expected() -> String {
        "a value".to_owned()
    }

    fn read(node: &Node, sink: &mut Sink) -> Option<Self> {
        match &node.value {
            Value::Scalar(text) => Some(Plain(text.clone())),
            _ => wrong_type(node, sink),
        }
    }

    fn schema() -> serde_json::Value {
        json!({ "type": ["string", "number", "boolean"] })
    }
}

/// `null`, or `not null`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nullness {
    pub(crate) is_null: bool,
}

impl Shape for Nullness {
    fn expected() -> String {
        "`null` or `not null`".to_owned()
    }

    fn read(node: &Node, sink: &mut Sink) -> Option<Self> {
        match &node.value {
            Value::Null => Some(Self { is_null: true }),
            Value::Scalar(text) if text.split_whitespace().eq(["not", "null"]) => Some(Self { is_null: false }),
            other => {
                let message = format!("expected {}, found {}", Self::expected(), other.describe());
                sink.push(
                    Diagnostic::new(Code::UnknownWord, message, node.span, "not a known word")
                        .help("to compare with a value, write the value: `column: value`"),
                );
                None
            }
        }
    }

    fn schema() -> serde_json::Value {
        json!({ "enum": [null, "not null"] })
    }
}

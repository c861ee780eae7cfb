//! Reads YAML trees as typed shapes. One declaration generates a struct, its reader and its JSON
//! Schema.

use serde_json::json;

use crate::diagnostic::{Code, Diagnostic, Sink, did_you_mean, quoted};
use crate::project::synonyms::{in_another_place, is_plain, synonym, word_synonym};
use crate::project::yaml::{Node, Value};
use crate::source::{Span, Spanned};

/// A type that is read from a YAML node.
pub(crate) trait Shape: Sized {
    /// The description in messages, as in "expected a list".
    fn expected() -> String;

    /// Reads a node. If it returns `None`, it has reported the reason to the sink.
    fn read(node: &Node, sink: &mut Sink) -> Option<Self>;

    /// The JSON Schema of the type.
    fn schema() -> serde_json::Value;
}

/// Reports a node that has another type than `T`.
pub(super) fn wrong_type<T: Shape>(node: &Node, sink: &mut Sink) -> Option<T> {
    let message = format!("expected {}, found {}", T::expected(), node.value.describe());
    let diagnostic = match node.value {
        Value::Null if T::expected() == "a list" => {
            Diagnostic::new(Code::WrongType, message, node.span, "nothing here")
                .help("write at least one item below it, as in `- 2026_h1`")
        }
        Value::Null => Diagnostic::new(Code::WrongType, message, node.span, "nothing here")
            .help("write a value; inside `{ }` quote a value that has a comma, as in \"decimal(18, 2)\""),
        Value::List(_) if T::expected() == "a mapping" => {
            Diagnostic::new(Code::WrongType, message, node.span, "of another type")
                .help("write `name: value` for each item, as in `{ order_id: bigint, state: text }`")
        }
        Value::Scalar(ref text) if T::expected() == "a list" => {
            Diagnostic::new(Code::WrongType, message, node.span, "of another type")
                .help(format!("write a list, as in `[{text}]`"))
        }
        _ => Diagnostic::new(Code::WrongType, message, node.span, "of another type"),
    };
    sink.push(diagnostic);
    None
}

/// The value of a key. If one value is invalid, the values of the other keys are read all the same.
#[derive(Clone, Debug)]
pub(crate) enum Field<T> {
    Missing,
    /// The key has an invalid value, which is already reported.
    Invalid,
    Set(Spanned<T>),
}

impl<T> Field<T> {
    pub(crate) fn get(&self) -> Option<&Spanned<T>> {
        match self {
            Field::Set(value) => Some(value),
            Field::Missing | Field::Invalid => None,
        }
    }
}

impl<T> Field<T> {
    /// The value, to change it.
    pub(crate) fn set(&mut self) -> Option<&mut T> {
        match self {
            Field::Set(value) => Some(&mut value.value),
            Field::Missing | Field::Invalid => None,
        }
    }
}

impl<T: Shape> Field<T> {
    pub(crate) fn read(node: &Node, sink: &mut Sink) -> Self {
        match T::read(node, sink) {
            Some(value) => Field::Set(Spanned { value, span: node.span }),
            None => Field::Invalid,
        }
    }
}

/// A type with a fixed set of values, each written as one word.
pub(crate) trait Words: Copy + 'static {
    fn words() -> Vec<(&'static str, Self)>;
}

/// One word of a fixed set of words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word<T>(pub(crate) T);

impl<T: Words> Shape for Word<T> {
    fn expected() -> String {
        let words: Vec<_> = T::words().iter().map(|(word, _)| format!("`{word}`")).collect();
        words.join(" or ")
    }

    fn read(node: &Node, sink: &mut Sink) -> Option<Self> {
        let Value::Scalar(text) = &node.value else { return wrong_type(node, sink) };
        if let Some((_, value)) = T::words().into_iter().find(|(word, _)| word == text) {
            return Some(Word(value));
        }
        let message = format!("expected {}, found {}", Self::expected(), quoted(text));
        let mut diagnostic = Diagnostic::new(Code::UnknownWord, message, node.span, "not a known word");
        let known = || T::words().into_iter().map(|(word, _)| word);
        if let Some(near) = word_synonym(text, known()).or_else(|| did_you_mean(text, known())) {
            diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
        } else if known().eq(["none"]) && ["yes", "true", "on"].contains(&text.to_ascii_lowercase().as_str()) {
            diagnostic = diagnostic.help("to keep copies of old rows, name their tables: `history: hist_orders`");
        } else if known().eq(["none"]) && is_plain(text) {
            let help = format!("to keep copies of old rows, write `history: {text}` in its place");
            diagnostic = diagnostic.help(help);
        }
        sink.push(diagnostic);
        None
    }

    fn schema() -> serde_json::Value {
        json!({ "enum": T::words().iter().map(|(word, _)| *word).collect::<Vec<_>>() })
    }
}

impl<T: Shape> Shape for Vec<Field<T>> {
    fn expected() -> String {
        "a list".to_owned()
    }

    fn read(node: &Node, sink: &mut Sink) -> Option<Self> {
        match &node.value {
            Value::List(items) => Some(items.iter().map(|item| Field::read(item, sink)).collect()),
            _ => wrong_type(node, sink),
        }
    }

    fn schema() -> serde_json::Value {
        json!({ "type": "array", "items": T::schema() })
    }
}

/// A mapping with any keys, in the order of the file.
#[derive(Clone, Debug)]
pub(crate) struct Entries<T>(pub(crate) Vec<(Spanned<String>, Field<T>)>);

impl<T: Shape> Shape for Entries<T> {
    fn expected() -> String {
        "a mapping".to_owned()
    }

    fn read(node: &Node, sink: &mut Sink) -> Option<Self> {
        match &node.value {
            Value::Map(entries) => {
                Some(Entries(entries.iter().map(|(key, value)| (key.clone(), Field::read(value, sink))).collect()))
            }
            _ => wrong_type(node, sink),
        }
    }

    fn schema() -> serde_json::Value {
        json!({ "type": "object", "additionalProperties": T::schema() })
    }
}

/// A value that may be a word, a list or a mapping.
#[derive(Clone, Debug)]
pub(crate) enum Either<S, L, M> {
    Scalar(S),
    List(L),
    Map(M),
}

/// The type of an alternative that an [`Either`] does not have.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Never {}

impl Shape for Never {
    fn expected() -> String {
        String::new()
    }

    fn read(_: &Node, _: &mut Sink) -> Option<Self> {
        None
    }

    fn schema() -> serde_json::Value {
        json!(false)
    }
}

impl<S: Shape, L: Shape, M: Shape> Shape for Either<S, L, M> {
    fn expected() -> String {
        let mut alternatives = vec![S::expected(), L::expected(), M::expected()];
        alternatives.retain(|alternative| !alternative.is_empty());
        alternatives.join(" or ")
    }

    fn read(node: &Node, sink: &mut Sink) -> Option<Self> {
        match &node.value {
            Value::Scalar(_) if !S::expected().is_empty() => S::read(node, sink).map(Either::Scalar),
            Value::List(_) if !L::expected().is_empty() => L::read(node, sink).map(Either::List),
            Value::Map(_) if !M::expected().is_empty() => M::read(node, sink).map(Either::Map),
            _ => wrong_type(node, sink),
        }
    }

    fn schema() -> serde_json::Value {
        let mut alternatives = vec![S::schema(), L::schema(), M::schema()];
        alternatives.retain(|alternative| *alternative != json!(false));
        json!({ "anyOf": alternatives })
    }
}

/// A YAML mapping with known keys, from which a struct of [`Field`]s is read.
pub(crate) struct Mapping<'a> {
    entries: &'a [(Spanned<String>, Node)],
    span: Span,
}

impl<'a> Mapping<'a> {
    /// Opens a mapping. `keys` has each known key and whether it is required. Reports unknown keys,
    /// and required keys that are absent.
    pub(crate) fn open<T: Shape>(node: &'a Node, keys: &[(&str, bool)], sink: &mut Sink) -> Option<Self> {
        let Value::Map(entries) = &node.value else {
            let required: Vec<_> = keys.iter().filter(|(_, required)| *required).map(|(key, _)| *key).collect();
            let keys: Vec<_> = keys.iter().map(|(key, _)| *key).collect();
            let message = format!("expected {}, found {}", T::expected(), node.value.describe());
            let help = match &node.value {
                Value::Scalar(text) if is_yaml(text) && keys.contains(&"unique_key") => {
                    "a list has the specs themselves; for files, name their folder: `tables: tables/`".to_owned()
                }
                Value::List(_) if keys.len() == 1 => format!("write `{}:` above the list", keys[0]),
                Value::Null if required.len() == 1 => format!("write its key `{}:`", required[0]),
                Value::Null if !required.is_empty() => format!("write at least its keys {}", required.join(", ")),
                // The name of a column is one word.
                Value::Scalar(text) if is_plain(text) && !(keys[0] == "column" && text.contains(' ')) => {
                    format!(
                        "write it under its key, such as `{{ {}: {text} }}`; the keys: {}",
                        keys[0],
                        keys.join(", ")
                    )
                }
                _ => format!("write its keys: {}", keys.join(", ")),
            };
            sink.push(Diagnostic::new(Code::WrongType, message, node.span, "not a mapping").help(help));
            return None;
        };
        let (mut misspelt, mut is_misplaced) = (Vec::new(), false);
        for (key, _) in entries {
            if keys.iter().any(|(known, _)| *known == key.value) {
                continue;
            }
            let message = format!("unknown key {} in {}", quoted(&key.value), T::expected());
            let mut diagnostic = Diagnostic::new(Code::UnknownKey, message, key.span, "not a known key");
            let known = keys.iter().map(|(known, _)| *known);
            if let Some(help) = in_another_place(&key.value, known.clone()) {
                sink.push(diagnostic.help(help));
                is_misplaced = true;
                continue;
            }
            diagnostic = match synonym(&key.value, known.clone()).or_else(|| did_you_mean(&key.value, known.clone())) {
                Some(near) => {
                    misspelt.push(near);
                    diagnostic.help(format!("did you mean `{near}`?"))
                }
                None => diagnostic.help(format!("known keys: {}", known.collect::<Vec<_>>().join(", "))),
            };
            sink.push(diagnostic);
        }
        let mapping = Self { entries, span: node.span };
        // A mapping without any of its keys, but with those of another one, is in the wrong place.
        if is_misplaced && misspelt.is_empty() && keys.iter().all(|(key, _)| mapping.find(key).is_none()) {
            return None;
        }
        // A required key that is only misspelt was reported above.
        let absent = |key: &str| mapping.find(key).is_none() && !misspelt.contains(&key);
        for (key, _) in keys.iter().filter(|(key, required)| *required && absent(key)) {
            report_missing::<T>(mapping.span, key, None, sink);
        }
        Some(mapping)
    }

    fn find(&self, key: &str) -> Option<&'a Node> {
        self.entries.iter().find(|(name, _)| name.value == key).map(|(_, node)| node)
    }

    pub(crate) fn field<T: Shape>(&self, key: &str, sink: &mut Sink) -> Field<T> {
        self.find(key).map_or(Field::Missing, |node| Field::read(node, sink))
    }
}

/// Reports an absent key that is required because of other keys. It reports nothing if the mapping
/// has a key with a similar name, which is probably misspelt. It also reports nothing if a name is
/// similar to `loads`, because a project with `loads` may not need the key.
///
/// `help` replaces the help "add the key".
pub(crate) fn missing<T: Shape>(node: &Node, key: &str, help: Option<&str>, sink: &mut Sink) {
    let Value::Map(entries) = &node.value else { return };
    let is_similar = |(name, _): &(Spanned<String>, Node)| did_you_mean(&name.value, [key, "loads"]).is_some();
    if !entries.iter().any(is_similar) {
        report_missing::<T>(node.span, key, help, sink);
    }
}

fn report_missing<T: Shape>(span: Span, key: &str, help: Option<&str>, sink: &mut Sink) {
    let message = format!("{} lacks its key `{key}`", T::expected());
    let help = help.map_or_else(|| addition(key), str::to_owned);
    sink.push(Diagnostic::new(Code::MissingKey, message, span, "in this mapping").help(help));
}

/// The help "add the key", with an example of its value.
pub(crate) fn addition(key: &str) -> String {
    let value = match key {
        "exceptions" => " { table: order_exceptions, key: order_id }",
        "schema" => " analytics",
        "retention" => " { for: 180 days }",
        "time" => " { column: updated_at }",
        "unique_key" => " order_id",
        "columns" => " { order_id: bigint not null, updated_at: timestamp }",
        "rows" => " latest`, or `rows: events",
        "exception" => " ORDER_GAP",
        _ => "",
    };
    format!("add `{key}:{value}`")
}

fn is_yaml(text: &str) -> bool {
    [".yml", ".yaml"].iter().any(|end| text.ends_with(end))
}

/// The YAML key of a field. A field whose name is a Rust keyword has the prefix `r#`.
pub(crate) fn key(field: &'static str) -> &'static str {
    field.strip_prefix("r#").unwrap_or(field)
}

/// A key of a mapping, for the JSON Schema.
pub(crate) struct Property {
    pub(crate) key: &'static str,
    pub(crate) doc: &'static str,
    pub(crate) is_required: bool,
    /// The schema of its value.
    pub(crate) schema: serde_json::Value,
    /// A value that it can have. `None` if the schema lists its words or its keys.
    pub(crate) example: Option<serde_json::Value>,
}

/// The JSON Schema of a mapping with known keys.
pub(crate) fn object_schema(doc: &str, properties: Vec<Property>) -> serde_json::Value {
    let required: Vec<_> = properties.iter().filter(|one| one.is_required).map(|one| one.key).collect();
    let mut map = serde_json::Map::new();
    for Property { key, doc, mut schema, example, .. } in properties {
        if let Some(object) = schema.as_object_mut() {
            object.insert("description".to_owned(), json!(doc.trim()));
            object.extend(example.map(|example| ("examples".to_owned(), json!([example]))));
        }
        map.insert(key.to_owned(), schema);
    }
    json!({
        "description": doc.trim(),
        "type": "object",
        "properties": map,
        "required": required,
        "additionalProperties": false,
    })
}

/// Declares a mapping with known keys. Each key has a description for the JSON Schema, the word
/// `required` or `optional`, and a type. A key whose type does not list its words or keys also has
/// an example, which editors show.
macro_rules! shape {
    ($(
        #[expected($expected:literal)]
        $(#[doc = $doc:literal])+
        struct $name:ident {
            $($(#[doc = $field_doc:literal])+ $need:ident $field:ident: $ty:ty $(= $example:tt)?,)+
        }
    )+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Debug)]
        pub(crate) struct $name { $($(#[doc = $field_doc])+ pub(crate) $field: $crate::project::shape::Field<$ty>,)+ }

        impl $crate::project::shape::Shape for $name {
            fn expected() -> String {
                $expected.to_owned()
            }

            fn read(node: &$crate::project::yaml::Node, sink: &mut $crate::diagnostic::Sink) -> Option<Self> {
                use $crate::project::shape::{Mapping, key};
                let keys = [$((key(stringify!($field)), stringify!($need) == "required")),+];
                let mapping = Mapping::open::<Self>(node, &keys, sink)?;
                Some(Self { $($field: mapping.field(key(stringify!($field)), sink),)+ })
            }

            fn schema() -> serde_json::Value {
                use $crate::project::shape::{Property, Shape, key, object_schema};
                let properties = vec![$(Property {
                    key: key(stringify!($field)),
                    doc: concat!($($field_doc),+),
                    is_required: stringify!($need) == "required",
                    schema: <$ty as Shape>::schema(),
                    example: [$(serde_json::json!($example))?].into_iter().next(),
                }),+];
                object_schema(concat!($($doc),+), properties)
            }
        }
    )+};
}
pub(crate) use shape;

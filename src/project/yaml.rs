//! YAML as a tree of texts with their places. The tree has no numbers and no booleans: the shapes
//! decide the types.
//!
//! Structs derived with serde would stop at the first error, but Rowkeep reports all errors. An
//! untyped YAML value would turn the period `2025_01` into the number 202501. So the library only
//! parses, and this tree keeps the text as written.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::{Budget, DuplicateKeyPolicy, MergeKeyPolicy, NonFiniteFloatPolicy};

use crate::diagnostic::{Code, Diagnostic, Sink, quoted};
use crate::source::{FileId, Inputs, Span, Spanned};

/// The largest YAML text, in bytes. A file with a thousand table specs is far smaller.
pub(crate) const MAX_BYTES: usize = 4 * 1024 * 1024;

/// A YAML value and its place.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) value: Value,
}

#[derive(Debug)]
pub(crate) enum Value {
    /// No value, or `~` or `null`.
    Null,
    Scalar(String),
    List(Vec<Node>),
    /// Invariant: keys are unique.
    Map(Vec<(Spanned<String>, Node)>),
}

impl Value {
    /// The description of the value in messages.
    pub(crate) fn describe(&self) -> String {
        match self {
            Value::Null => "nothing".to_owned(),
            Value::Scalar(text) => quoted(text),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a mapping".to_owned(),
        }
    }
}

/// Parses one file. If it returns `None`, it has reported the reason to the sink.
pub(crate) fn parse(inputs: &Inputs, file: FileId, sink: &mut Sink) -> Option<Node> {
    let text = inputs.text(file);
    if text.len() > MAX_BYTES {
        let message =
            format!("{} is too large: it has more than {MAX_BYTES} bytes, so it is not read", inputs.name(file));
        let at = Span { file, start: 0, end: 0 };
        sink.push(
            Diagnostic::new(Code::Budget, message, at, "not a project file")
                .help("name the YAML file, not a data file"),
        );
        return None;
    }
    match serde_yaml::from_str_with_options::<RawNode>(text, options()) {
        Ok(raw) => Some(raw.place(file, text, sink)),
        Err(error) => {
            sink.push(syntax_error(inputs, file, &error));
            None
        }
    }
}

fn options() -> serde_yaml::Options {
    let mut budget = Budget::default();
    budget.max_depth = 32;
    budget.flow_nesting_limit = 32;
    budget.max_nodes = 250_000;
    budget.max_aliases = 1_000;
    let mut options = serde_yaml::Options::default();
    options.budget = Some(budget);
    // With this policy, the library returns every entry of a mapping. `place_entries` reports
    // duplicate keys with both places.
    options.duplicate_keys = DuplicateKeyPolicy::LastWins;
    options.merge_keys = MergeKeyPolicy::Error;
    options.non_finite_float_policy = NonFiniteFloatPolicy::PassThrough;
    options.with_snippet = false;
    options
}

fn syntax_error(inputs: &Inputs, file: FileId, error: &serde_yaml::Error) -> Diagnostic {
    use serde_yaml::Error as E;
    let text = inputs.text(file);
    let start = error.location().map_or(0, |at| match at.span().byte_offset() {
        Some(offset) => usize::try_from(offset).unwrap_or(text.len()),
        None => offset_of(text, at.line(), at.column()),
    });
    let span = Span { file, start, end: (start + 1).min(text.len()) };
    // The text of the error also names the place, but the snippet of the diagnostic shows it.
    let text_of_error = error.to_string();
    let reason = text_of_error.split(" at line ").next().unwrap_or_default();
    let limit = matches!(
        error,
        E::Budget { .. }
            | E::AliasReplayCounterOverflow { .. }
            | E::AliasReplayLimitExceeded { .. }
            | E::AliasExpansionLimitExceeded { .. }
            | E::AliasReplayStackDepthExceeded { .. }
            | E::AliasError { .. }
    ) || reason.contains("recursion limit")
        || reason.contains("nesting");
    if limit {
        let message = format!("{} has too many nested or expanded values; it is not read", inputs.name(file));
        return Diagnostic::new(Code::Budget, message, span, "parsing stopped here")
            .help("write the values without anchors, at most 32 levels deep");
    }
    if let E::MultipleDocuments { .. } = error {
        let message = format!("{} has more than one YAML document; the second would be ignored", inputs.name(file));
        return Diagnostic::new(Code::Syntax, message, span, "a second document starts here")
            .help("keep one document per file: remove the line `---`");
    }
    if let E::MergeKeyNotAllowed { .. } = error {
        let message = "a merge key (`<<`) hides which value is used";
        return Diagnostic::new(Code::Syntax, message, span, "not supported").help("write the keys out");
    }
    if let Some(tag) = reason.strip_prefix("unsupported tag ") {
        return unknown_tag(tag.trim_matches('`'), span);
    }
    if reason.contains("binary") {
        let message = format!("{} has a binary value, which no key takes", inputs.name(file));
        return Diagnostic::new(Code::Syntax, message, span, "here").help("write the value as text");
    }
    let is_mapping = reason.contains("mapping values are not allowed");
    if let Some((at, help)) = likely_mistake(file, text, (start, is_mapping)) {
        let message = format!("{} is not YAML: {reason}", inputs.name(file));
        return Diagnostic::new(Code::Syntax, message, at, "here").help(help);
    }
    // The parser reports the start of the value before a tab. Point at the tab itself.
    let tab = text[start..].find('\t').filter(|_| reason.contains("tab")).map(|at| start + at);
    let span = tab.map_or(span, |start| Span { file, start, end: start + 1 });
    let help = match tab {
        Some(_) => "indent with spaces",
        None => "start the keys of a mapping in the same column, write `: ` after each key, and close every bracket",
    };
    Diagnostic::new(Code::Syntax, format!("{} is not YAML: {reason}", inputs.name(file)), span, "here").help(help)
}

/// A mistake near the place where the parser stopped, if it is one that people make often: a space
/// that is no space, a value with `: `, or a key below a key that has a value.
fn likely_mistake(file: FileId, text: &str, (stopped, is_mapping): (usize, bool)) -> Option<(Span, &'static str)> {
    const NO_BREAK: char = '\u{a0}';
    let at = |start: usize, length: usize| Span { file, start, end: start + length };
    let lines: Vec<(usize, &str)> = text
        .split_inclusive('\n')
        .scan(0, |offset, line| {
            let start = *offset;
            *offset += line.len();
            Some((start, line.trim_end()))
        })
        .collect();
    let number = lines.iter().rposition(|(start, _)| *start <= stopped)?;
    let near = &lines[number.saturating_sub(1)..lines.len().min(number + 2)];
    let of = |line: &str| line.len() - line.trim_start_matches(' ').len();
    for &(start, line) in near {
        let code = line.split(" #").next().unwrap_or_default();
        if let Some(found) = code.find(NO_BREAK) {
            return Some((at(start + found, NO_BREAK.len_utf8()), "this is a no-break space: write a plain one"));
        }
        let plain =
            |value: &str| !value.is_empty() && !value.starts_with(['\'', '"', '{', '[', '|', '>', '#', '&', '*']);
        let value = code.split_once(": ").map(|(_, value)| value.trim()).filter(|value| plain(value));
        let is_block = !code.contains(['{', '[']);
        if is_mapping && is_block && value.is_some_and(|value| value.contains(": ")) {
            return Some((at(start + of(line), line.len() - of(line)), "quote the value: it contains `: `"));
        }
    }
    let is_key = |line: &str| line.trim_start().split_once(':').is_some_and(|(key, _)| !key.contains(' '));
    near.windows(2).filter(|_| is_mapping).find_map(|pair| {
        let ((_, above), (start, line)) = (pair[0], pair[1]);
        // The keys of an item of a list begin below its first key.
        let above = match above.trim_start().strip_prefix("- ") {
            Some(_) => above.replacen('-', " ", 1),
            None => above.to_owned(),
        };
        let above = above.as_str();
        let has_value = above.split_once(": ").is_some_and(|(_, value)| !value.trim().is_empty());
        let is_deeper = has_value && is_key(above) && is_key(line) && of(line) > of(above);
        is_deeper.then(|| {
            (
                at(start, of(line).max(1)),
                "this key and the one above it begin in different columns: write them in the same one",
            )
        })
    })
}

/// The byte offset of a line and a column of characters, both 1-based.
fn offset_of(text: &str, line: u64, column: u64) -> usize {
    let mut start = 0;
    for _ in 1..line {
        match text[start..].find('\n') {
            Some(end) => start += end + 1,
            None => break,
        }
    }
    let column = usize::try_from(column.saturating_sub(1)).unwrap_or(0);
    text[start..].char_indices().nth(column).map_or(text.len(), |(at, _)| start + at)
}

/// A node as the library returns it. Its place is not a [`Span`] yet.
struct RawNode(serde_yaml::Spanned<RawValue>);

enum RawValue {
    Null,
    Text(String),
    /// A number or a boolean. Its text is read from the file.
    Typed,
    List(Vec<RawNode>),
    Map(Vec<(serde_yaml::Spanned<RawKey>, RawNode)>),
}

struct RawKey(String);

impl RawNode {
    fn place(self, file: FileId, text: &str, sink: &mut Sink) -> Node {
        let written = span(file, self.0.defined);
        if let Some(tag) = tag_before(text, written) {
            sink.push(unknown_tag(text.get(tag.start..tag.end).unwrap_or_default(), tag));
        }
        let value = match self.0.value {
            RawValue::Null => Value::Null,
            RawValue::Text(text) => Value::Scalar(text),
            RawValue::Typed => Value::Scalar(text.get(written.start..written.end).unwrap_or_default().to_owned()),
            RawValue::List(items) => Value::List(items.into_iter().map(|item| item.place(file, text, sink)).collect()),
            RawValue::Map(entries) => Value::Map(place_entries(entries, file, text, sink)),
        };
        let mut at = span(file, self.0.referenced);
        if let Value::Map(entries) = &value
            && let Some((key, _)) = entries.first()
        {
            // The library gives a block mapping no length, so diagnostics point at its first key.
            at = key.span;
        }
        Node { span: at, value }
    }
}

fn unknown_tag(tag: &str, at: Span) -> Diagnostic {
    let message = format!("{} has no meaning here: only the text after it would be the value", quoted(tag));
    Diagnostic::new(Code::Syntax, message, at, "a YAML tag")
        .help("write the value itself: Rowkeep reads no environment variables and no other files")
}

/// The tag of a value, such as `!env`. The library ignores it. Tags of YAML itself, such as `!!str`,
/// say only how to read the text.
fn tag_before(text: &str, value: Span) -> Option<Span> {
    let before = text.get(..value.start)?.trim_end_matches(' ');
    let start = before.rfind([' ', '\n', '[', '{', ',']).map_or(0, |at| at + 1);
    let tag = &before[start..];
    let is_tag = tag.starts_with('!') && (!tag.starts_with("!!") || tag == "!!binary");
    is_tag.then_some(Span { start, end: before.len(), ..value })
}

fn place_entries(
    entries: Vec<(serde_yaml::Spanned<RawKey>, RawNode)>,
    file: FileId,
    text: &str,
    sink: &mut Sink,
) -> Vec<(Spanned<String>, Node)> {
    let mut placed: Vec<(Spanned<String>, Node)> = Vec::with_capacity(entries.len());
    let mut seen = std::collections::BTreeMap::new();
    for (key, node) in entries {
        let at = span(file, key.defined);
        let key = key.value.0;
        if let Some(&first) = seen.get(&key) {
            let message = format!("key {} is written twice; one of its values would be lost", quoted(&key));
            sink.push(
                Diagnostic::new(Code::DuplicateKey, message, at, "again here")
                    .also(first, "first here")
                    .help("keep one of the two"),
            );
            continue;
        }
        seen.insert(key.clone(), at);
        placed.push((Spanned { value: key, span: at }, node.place(file, text, sink)));
    }
    placed
}

fn span(file: FileId, at: serde_yaml::Location) -> Span {
    let start = at.span().byte_offset().and_then(|offset| usize::try_from(offset).ok()).unwrap_or(0);
    let len = at.span().byte_len().and_then(|len| usize::try_from(len).ok()).unwrap_or(0);
    Span { file, start, end: start + len }
}

impl<'de> Deserialize<'de> for RawNode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde_yaml::Spanned::deserialize(deserializer).map(RawNode)
    }
}

impl<'de> Deserialize<'de> for RawKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(RawKey)
    }
}

impl<'de> Deserialize<'de> for RawValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = RawValue;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_str<E>(self, text: &str) -> Result<RawValue, E> {
        Ok(RawValue::Text(text.to_owned()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<RawValue, E> {
        Ok(RawValue::Typed)
    }

    fn visit_i64<E>(self, _: i64) -> Result<RawValue, E> {
        Ok(RawValue::Typed)
    }

    fn visit_u64<E>(self, _: u64) -> Result<RawValue, E> {
        Ok(RawValue::Typed)
    }

    fn visit_i128<E>(self, _: i128) -> Result<RawValue, E> {
        Ok(RawValue::Typed)
    }

    fn visit_u128<E>(self, _: u128) -> Result<RawValue, E> {
        Ok(RawValue::Typed)
    }

    fn visit_f64<E>(self, _: f64) -> Result<RawValue, E> {
        Ok(RawValue::Typed)
    }

    fn visit_unit<E>(self) -> Result<RawValue, E> {
        Ok(RawValue::Null)
    }

    fn visit_none<E>(self) -> Result<RawValue, E> {
        Ok(RawValue::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<RawValue, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(RawValue::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<RawValue, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(RawValue::Map(entries))
    }
}

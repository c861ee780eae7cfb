//! The built-in templates, and the templates of a project that replace them.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Code, Diagnostic, Sink, did_you_mean, quoted};
use crate::dialect::Dialect;
use crate::source::{Inputs, Role, Span};

/// Every file below `templates/`, by its path in this folder. `build.rs` lists the files.
const BUILT_IN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/templates.rs"));

/// The folders whose templates a project may replace. Verify proves the statements of these
/// templates.
const REPLACEABLE: [&str; 2] = ["cycle/", "ddl/"];

/// The largest size of a template, in bytes. Every built-in template is smaller than a tenth of it.
const MAX_BYTES: usize = 64 * 1024;

/// The largest size of one tag or expression of a template, in bytes. The longest of a built-in
/// template has 122. The template engine recurses over a chain of operators, and a long chain
/// overflows the stack.
const MAX_TAG: usize = 2048;

/// The size of the longest `{{ ... }}` or `{% ... %}`, in bytes.
fn longest_tag(text: &str) -> usize {
    let mut longest = 0;
    let mut rest = text;
    while let Some(start) = rest.find("{{").into_iter().chain(rest.find("{%")).min() {
        let closing = if rest[start..].starts_with("{{") { "}}" } else { "%}" };
        let inside = &rest[start + 2..];
        let mut quote = None;
        let mut escaped = false;
        let end = inside.char_indices().find_map(|(at, c)| {
            match quote {
                Some(_) if escaped => escaped = false,
                Some(_) if c == '\\' => escaped = true,
                Some(open) if c == open => quote = None,
                Some(_) => {}
                None if matches!(c, '\'' | '"') => quote = Some(c),
                None if inside[at..].starts_with(closing) => return Some(at),
                None => {}
            }
            None
        });
        // Without an end, the tag takes the rest of the text.
        let end = end.unwrap_or(inside.len());
        longest = longest.max(end);
        rest = &inside[end..];
    }
    longest
}

/// The templates of the project, by name. A template that is too large is left out.
pub(crate) fn overrides(inputs: &Inputs) -> BTreeMap<String, String> {
    inputs
        .of_role(Role::Template)
        .filter(|&file| inputs.text(file).len() <= MAX_BYTES && longest_tag(inputs.text(file)) <= MAX_TAG)
        .map(|file| (inputs.name(file).to_owned(), inputs.text(file).replace("\r\n", "\n")))
        .collect()
}

/// Reports templates of the project that are too large, and templates that replace no built-in
/// template and so have no effect.
pub(crate) fn check(inputs: &Inputs, sink: &mut Sink) {
    let known = names();
    for file in inputs.of_role(Role::Template).filter(|&file| inputs.text(file).len() > MAX_BYTES) {
        let message =
            format!("template {} is larger than {MAX_BYTES} bytes, and is not read", quoted(inputs.name(file)));
        sink.push(Diagnostic::new(
            Code::Budget,
            message,
            Span { file, start: 0, end: 0 },
            "too large for the template of one statement",
        ));
    }
    for file in inputs.of_role(Role::Template) {
        let longest = longest_tag(inputs.text(file));
        if longest > MAX_TAG && inputs.text(file).len() <= MAX_BYTES {
            let message = format!(
                "template {} has an expression of {longest} bytes, more than {MAX_TAG}, and is not read",
                quoted(inputs.name(file))
            );
            let help = "split the expression with `set`, or write a macro";
            let label = "an expression is too long";
            sink.push(Diagnostic::new(Code::Budget, message, Span { file, start: 0, end: 0 }, label).help(help));
        }
    }
    for file in inputs.of_role(Role::Template).filter(|&file| !known.contains(inputs.name(file))) {
        let message =
            format!("template {} replaces no built-in template, and has no effect", quoted(inputs.name(file)));
        let diagnostic = Diagnostic::new(Code::Path, message, Span { file, start: 0, end: 0 }, "not used");
        sink.push(match similar(inputs.name(file), &known) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic.help("rename it to the template that it replaces, such as `cycle/archive.sql.j2`"),
        });
    }
}

/// Templates of version 0.1.0 under other names, and the templates that do their work now.
const RENAMED: [(&str, &str); 8] = [
    ("versions_clear", "stale_clear"),
    ("versions_fill", "stale_fill"),
    ("supersede_older", "supersede"),
    ("cleanup_replaced", "cleanup"),
    ("cleanup_stale", "cleanup"),
    ("trim_kept", "trim"),
    ("resolve_keyed", "resolve"),
    ("keys", "due"),
];

/// The template with the most similar file name, for the same engine.
fn similar<'k>(name: &str, known: &'k BTreeSet<String>) -> Option<&'k str> {
    // Up to version 0.1.0, all templates were in one folder, and `clear` was `reset`.
    let file = name.rsplit('/').next().unwrap_or(name).replace("_reset.", "_clear.");
    let file = file.strip_prefix("ddl_").unwrap_or(&file);
    let renamed = RENAMED.iter().find(|(old, _)| file.strip_suffix(".sql.j2") == Some(old));
    let file = renamed.map_or(file.to_owned(), |(_, new)| format!("{new}.sql.j2"));
    let file = file.as_str();
    let engine = name.split('/').find_map(Dialect::from_name);
    let of_engine = |known: &&String| known.split('/').find_map(Dialect::from_name) == engine;
    let files = known.iter().filter(of_engine).filter_map(|known| known.rsplit('/').next());
    let near = did_you_mean(file, files)?;
    known.iter().filter(of_engine).find(|known| known.ends_with(&format!("/{near}"))).map(String::as_str)
}

/// The template of a name. A template of the project wins over a built-in one. A template for the
/// engine wins over a common one.
pub(crate) fn find(name: &str, dialect: Dialect, overrides: &BTreeMap<String, String>) -> Option<String> {
    let special = of_engine(name, dialect);
    let own = |name: &str| overrides.get(name).cloned();
    let own = own(&special).or_else(|| own(name));
    own.or_else(|| built_in(&special).or_else(|| built_in(name)).map(str::to_owned))
}

/// The path of the engine's form of a template: `cycle/redshift/load.sql.j2` for
/// `cycle/load.sql.j2`.
fn of_engine(name: &str, dialect: Dialect) -> String {
    match name.rsplit_once('/') {
        Some((folder, file)) => format!("{folder}/{dialect}/{file}"),
        None => format!("{dialect}/{name}"),
    }
}

/// The name of a template without the folder of the engine.
fn common(name: &str) -> String {
    let parts = name.split('/').filter(|part| Dialect::from_name(part).is_none());
    parts.collect::<Vec<_>>().join("/")
}

/// The built-in template that an override replaces.
pub(crate) fn replaced(name: &str, dialect: Dialect) -> Option<String> {
    find(&common(name), dialect, &BTreeMap::new())
}

/// The common names of the built-in templates that render a template: the template itself, and
/// those that import it.
pub(crate) fn users(name: &str) -> BTreeSet<String> {
    let mut users = BTreeSet::from([common(name)]);
    loop {
        let imports = |text: &str| text.split('"').skip(1).step_by(2).any(|quoted| users.contains(quoted));
        let new: Vec<_> = BUILT_IN.iter().filter(|(_, text)| imports(text)).map(|(name, _)| common(name)).collect();
        let before = users.len();
        users.extend(new);
        if users.len() == before {
            return users;
        }
    }
}

/// The text of a built-in template.
pub(crate) fn built_in(name: &str) -> Option<&'static str> {
    BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// The names that an override can have: the names of built-in templates, each also in the folder of
/// each engine.
fn names() -> BTreeSet<String> {
    let replaceable = BUILT_IN.iter().map(|(name, _)| *name);
    let replaceable = replaceable.filter(|name| REPLACEABLE.iter().any(|folder| name.starts_with(folder)));
    let common: BTreeSet<_> = replaceable.map(common).collect();
    let of_engines =
        common.iter().flat_map(|name| Dialect::ALL.into_iter().map(move |dialect| of_engine(name, dialect)));
    of_engines.chain(common.iter().cloned()).collect()
}

//! Names across the project: no two relations are one to the engine, none is cut off, none means something else in a statement.

use std::collections::BTreeMap;

use crate::diagnostic::{Code, Diagnostic, Sink, quoted};
use crate::source::{Span, Spanned};
use crate::spec::raw::RawTable;
use crate::spec::{Spec, Table};
use crate::sql::{ALIASES, Relation};

/// Suffixes of a table's work tables.
pub(crate) const CUTOFF: &str = "__cutoff";
pub(crate) const VERSIONS: &str = "__versions";
pub(crate) const DUE: &str = "__due";
/// Prefix of the view over a mart and its history tables.
pub(crate) const ALL_ROWS: &str = "all_";
/// The folder of the nightly statements, beside those of the models.
pub(crate) const SWEEP: &str = "sweep";
/// Suffixes of exception types.
pub(crate) const NULL_KEY: &str = "_NULL_KEY";
pub(crate) const HOLD: &str = "_HOLD";
/// The width of `exception_type` in the exceptions table.
const MAX_TYPE: usize = 64;

pub(super) fn check(spec: &Spec, raw: &[&Spanned<RawTable>], sink: &mut Sink) {
    let mut taken = BTreeMap::new();
    for table in &spec.tables {
        check_table(spec, table, &mut taken, sink);
    }
    for exceptions in &spec.exceptions {
        claim(spec, &exceptions.relation, "the exceptions table", exceptions.span, &mut taken, sink);
    }
    // Raw tables may be shared by marts, but none may be a table that Rowkeep writes.
    for table in &spec.tables {
        let Some(source) = &table.source else { continue };
        if let Some((what, span)) = taken.get(&source.folded(spec.dialect)) {
            let message = format!("the raw table of {} is {what}", table.model.value.as_str());
            let at = raw.iter().find_map(|raw| {
                raw.value.source.get().filter(|_| raw.value.model.get().is_some_and(|m| m.span == table.model.span))
            });
            sink.push(
                Diagnostic::new(
                    Code::NameClash,
                    message,
                    at.map_or(table.model.span, |source| source.span),
                    "would be trimmed and read at once",
                )
                .also(*span, "written here")
                .help("name the landing table"),
            );
        }
    }
    check_exception_types(spec, raw, sink);
}

type Taken = BTreeMap<Vec<String>, (String, Span)>;

fn check_table(spec: &Spec, table: &Table, taken: &mut Taken, sink: &mut Sink) {
    let model = &table.model;
    let (name, span) = (model.value.as_str(), model.span);
    if name.eq_ignore_ascii_case(SWEEP) {
        let message = format!("the model {} is named like the folder of the nightly statements", quoted(name));
        sink.push(
            Diagnostic::new(Code::Name, message, span, "its files would stand among them").help("choose another name"),
        );
    }
    claim(spec, &table.relation, &format!("the mart of {name}"), span, taken, sink);
    let mut longest = None;
    for period in &spec.periods {
        let history = table.history.renamed(table.history.name.with_suffix(&format!("_{}", period.name)));
        claim_name(spec, &history, &format!("a history table of {name}"), table.history_span, taken, sink);
        if longest.as_ref().is_none_or(|longest: &Relation| longest.name.as_str().len() < history.name.as_str().len()) {
            longest = Some(history);
        }
    }
    // One message for the prefix, not one per period.
    if let Some(longest) = longest {
        check_length(spec, &longest, "a history table", table.history_span, sink);
    }
    for suffix in [CUTOFF, VERSIONS, DUE] {
        let work = spec.schema.renamed(model.value.with_suffix(suffix));
        claim_name(spec, &work, &format!("a work table of {name}"), span, taken, sink);
    }
    check_length(spec, &spec.schema.renamed(model.value.with_suffix(VERSIONS)), "a work table", span, sink);
    let view = table.history.renamed(table.history.name.with_prefix(ALL_ROWS));
    claim(spec, &view, &format!("the all-rows view of {name}"), table.history_span, taken, sink);
}

fn claim(spec: &Spec, relation: &Relation, what: &str, span: Span, taken: &mut Taken, sink: &mut Sink) {
    // Statements call a relation that they change by its bare name. History and work tables cannot be named like an alias:
    // their suffixes hold an underscore.
    let name = relation.name.as_str();
    if ALIASES.iter().any(|alias| name.eq_ignore_ascii_case(alias)) {
        let message = format!("{what} is named {}, like a word that statements use for their own rows", quoted(name));
        sink.push(Diagnostic::new(Code::Name, message, span, "would be taken for it").help("choose a longer name"));
    }
    claim_name(spec, relation, what, span, taken, sink);
    check_length(spec, relation, what, span, sink);
}

fn claim_name(spec: &Spec, relation: &Relation, what: &str, span: Span, taken: &mut Taken, sink: &mut Sink) {
    let folded = relation.folded(spec.dialect);
    if let Some((other, first)) = taken.get(&folded) {
        // Tables that share one name share those derived from it: the first clash says enough.
        if sink.has(Code::NameClash, span) {
            return;
        }
        let message = format!("{what} and {other} would be one table, {}", quoted(relation.name.as_str()));
        sink.push(
            Diagnostic::new(Code::NameClash, message, span, "again here").also(*first, "first here").help("rename one"),
        );
        return;
    }
    taken.insert(folded, (what.to_owned(), span));
}

fn check_length(spec: &Spec, relation: &Relation, what: &str, span: Span, sink: &mut Sink) {
    let (most, dialect) = (spec.dialect.max_name_bytes(), spec.dialect);
    for part in relation.parts() {
        let length = part.as_str().len();
        if length > most {
            let message =
                format!("{what} would be named {}, {length} bytes where {dialect} keeps {most}", quoted(part.as_str()));
            sink.push(
                Diagnostic::new(Code::NameLength, message, span, "too long with what is added to it")
                    .help(format!("shorten it by {} bytes", length - most)),
            );
        }
    }
}

fn check_exception_types(spec: &Spec, raw: &[&Spanned<RawTable>], sink: &mut Sink) {
    let mut taken: BTreeMap<String, (String, Span)> = BTreeMap::new();
    for raw in raw {
        let (Some(stated), Some(model)) = (raw.value.exception.get(), raw.value.model.get()) else { continue };
        let longest = stated.value.len() + NULL_KEY.len();
        if longest > MAX_TYPE {
            let message = format!(
                "exception type {} is too long: {longest} bytes with {NULL_KEY} where {MAX_TYPE} are kept",
                quoted(&stated.value)
            );
            sink.push(
                Diagnostic::new(Code::NameLength, message, stated.span, "too long with its suffix")
                    .help(format!("shorten it by {} bytes", longest - MAX_TYPE)),
            );
        }
        for derived in ["", NULL_KEY, HOLD] {
            let ty = format!("{}{derived}", stated.value).to_ascii_uppercase();
            if let Some((other, first)) = taken.get(&ty) {
                let message = format!(
                    "{} and {other} would both record exceptions of type {}; each would hold the other's rows",
                    model.value,
                    quoted(&ty)
                );
                sink.push(
                    Diagnostic::new(Code::ExceptionType, message, stated.span, "again here")
                        .also(*first, "first here")
                        .help("give each table a type of its own"),
                );
                break;
            }
            taken.insert(ty, (model.value.clone(), stated.span));
        }
    }
    debug_assert!(spec.tables.len() == raw.len(), "every table has its spec");
}

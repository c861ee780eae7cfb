//! Resolves the lists of periods, and finds the list of each table.

use std::collections::BTreeMap;

use crate::diagnostic::{Code, Diagnostic, Sink, did_you_mean, quoted};
use crate::project::files::DefaultsEntry;
use crate::project::fiscal_year::FiscalYear;
use crate::project::period_list::ListPlaces;
use crate::project::read::{Raw, RawList};
use crate::project::resolve::order::Ordered;
use crate::project::resolve::relations::plain;
use crate::project::resolve::{duration, periods};
use crate::project::{Archive, Period, PeriodList, PeriodListId, Retention, Zone};
use crate::source::{Span, Spanned};

/// The longest name of a list.
const MAX_NAME: usize = 100;

/// The list of periods that a table spec names.
#[derive(Clone, Debug)]
pub(crate) enum StatedList {
    /// In the spec of the table.
    Own(Spanned<String>),
    /// In `defaults`.
    Default(Spanned<String>),
    Unstated,
}

/// The lists, and the periods of all of them, list after list.
#[derive(Default)]
pub(super) struct Resolved {
    pub(super) periods: Vec<Period>,
    pub(super) each_period: Vec<Span>,
    pub(super) lists: Vec<PeriodList>,
}

/// Resolves every list. `None` if one has an error. `is_needed`: the list without a name must have
/// periods.
pub(super) fn resolve(
    raw: &Raw,
    is_needed: bool,
    fiscal_year: Option<FiscalYear>,
    zone: &Zone,
    sink: &mut Sink,
) -> Option<Resolved> {
    let mut resolved = Resolved::default();
    let mut are_valid = names_differ(&raw.lists, sink);
    for list in &raw.lists {
        let found = if is_needed || list.name.is_some() {
            let name = list.name.as_ref().map(|name| name.value.as_str());
            periods::resolve(&list.periods, name, fiscal_year, zone, list.sealed_before.as_ref(), sink)
        } else {
            Some(Vec::new())
        };
        let retired_before = match (&list.retired_before, &found) {
            (Some(stated), Some(periods)) => periods::retired_before(stated, periods, sink),
            _ => None,
        };
        let keep_history = list.keep_history.as_ref().and_then(|stated| {
            let value = duration::length(stated, "`keep_history`", sink)?;
            Some(Spanned { value, span: stated.span })
        });
        let start = resolved.periods.len();
        are_valid &= found.is_some();
        resolved.each_period.extend(list.periods.value.iter().filter_map(|period| Some(period.get()?.span)));
        resolved.periods.extend(found.into_iter().flatten());
        resolved.lists.push(PeriodList {
            name: list.name.as_ref().map(|name| name.value.clone()),
            ids: start..resolved.periods.len(),
            retired_before,
            keep_history,
            places: ListPlaces {
                list: list.periods.span,
                sealed_before: list.sealed_before.as_ref().map(|date| date.span),
                retired_before: list.retired_before.as_ref().map(|date| date.span),
            },
        });
    }
    are_valid.then_some(resolved)
}

/// Whether the name of each list is plain and differs from the others. It is part of the names of
/// files, and some file systems fold names.
fn names_differ(lists: &[RawList], sink: &mut Sink) -> bool {
    let mut seen: BTreeMap<String, &Spanned<String>> = BTreeMap::new();
    let mut differ = true;
    for name in lists.iter().filter_map(|list| list.name.as_ref()) {
        differ &= plain(name, "a list of periods", sink).is_some();
        if name.value.len() > MAX_NAME {
            let message = format!(
                "the name of a list of periods has {} letters; it is part of the names of files",
                name.value.len()
            );
            let diagnostic = Diagnostic::new(Code::PeriodListName, message, name.span, "too long");
            sink.push(diagnostic.help(format!("use at most {MAX_NAME} letters")));
            differ = false;
        }
        if let Some(first) = seen.insert(name.value.to_ascii_lowercase(), name) {
            let message = format!(
                "two lists of periods are named {} and {}: their run-books would share files",
                quoted(&first.value),
                quoted(&name.value)
            );
            let diagnostic = Diagnostic::new(Code::PeriodListName, message, name.span, "the same name");
            let help = "rename one of the two; a list in a table spec has the name of the model";
            sink.push(diagnostic.also(first.span, "first here").help(help));
            differ = false;
        }
    }
    differ
}

/// The list of each table in run order: the list that it names, the list of its nearest ancestor that
/// has one, or the list without a name. `None` for a table without periods.
pub(super) fn of_tables(
    tables: &[Ordered],
    lists: &[PeriodList],
    sink: &mut Sink,
) -> Option<Vec<Option<PeriodListId>>> {
    let mut found: Vec<Option<PeriodListId>> = Vec::new();
    // The list of each table, or else of its nearest ancestor that has one.
    let mut inherited: Vec<Option<PeriodListId>> = Vec::new();
    let mut are_valid = true;
    for table in tables {
        let of_parent = match table.retention {
            Retention::WhileIn { parent, .. } => inherited.get(parent.0).copied().flatten(),
            Retention::For { .. } => None,
        };
        let model = table.draft.model.value.as_str();
        let own = match &table.draft.periods {
            StatedList::Own(name) => Some(name),
            StatedList::Default(_) | StatedList::Unstated => None,
        };
        if !matches!(table.draft.archive, Archive::Periods(_)) {
            if let Some(name) = own {
                let message = format!("{model} states `periods`, but has no history table per period");
                let diagnostic = Diagnostic::new(Code::PeriodListName, message, name.span, "would have no effect");
                sink.push(diagnostic.help("remove it"));
                are_valid = false;
            }
            found.push(None);
            inherited.push(of_parent);
            continue;
        }
        let list = match (&table.draft.periods, of_parent) {
            (StatedList::Own(name), Some(parents)) => named(name, lists, sink).filter(|&list| {
                let is_same = list == parents;
                if !is_same {
                    sink.push(of_another(model, name, &lists[parents.0]));
                }
                is_same
            }),
            (StatedList::Default(_) | StatedList::Unstated, Some(parents)) => Some(parents),
            // An unknown name in `defaults` is reported once.
            (StatedList::Default(name), None) => named(name, lists, &mut Sink::default()),
            (StatedList::Own(name), None) => named(name, lists, sink),
            (StatedList::Unstated, None) if lists.first().is_some_and(|list| list.name.is_none()) => {
                Some(PeriodListId(0))
            }
            (StatedList::Unstated, None) => {
                let message = format!("{model} names no list of periods, and rowkeep.yml has no `periods`");
                let diagnostic = Diagnostic::new(
                    Code::PeriodListName,
                    message,
                    table.draft.places.history,
                    "these tables would have no periods",
                );
                sink.push(diagnostic.help(format!("add `periods: {}` to its spec", known(lists))));
                None
            }
        };
        are_valid &= list.is_some();
        found.push(list);
        inherited.push(list);
    }
    are_valid.then_some(found)
}

/// Reports a name in `defaults` that no list has. Without a table that needs it, nothing else would.
pub(super) fn default_is_known(defaults: Option<&DefaultsEntry>, lists: &[PeriodList], sink: &mut Sink) {
    if let Some(stated) = defaults.and_then(|defaults| defaults.periods.get()) {
        let _ = named(stated, lists, sink);
    }
}

/// Reports lists that no table uses. The only list of a project may be unused.
pub(super) fn are_used(of_tables: &[Option<PeriodListId>], raw: &[RawList], sink: &mut Sink) {
    let unused = |(number, _): &(usize, &RawList)| !of_tables.contains(&Some(PeriodListId(*number)));
    for (_, list) in raw.iter().enumerate().filter(unused).filter(|(_, list)| raw.len() > 1 || list.name.is_some()) {
        let (message, at, help) = match &list.name {
            Some(name) => (
                format!("no table uses the list of periods {}", quoted(&name.value)),
                name.span,
                format!("add `periods: {}` to a table spec, or remove the list", name.value),
            ),
            None => (
                "no table has the periods of `periods`: each has another list, or needs none".to_owned(),
                list.periods.span,
                "remove it".to_owned(),
            ),
        };
        sink.push(Diagnostic::new(Code::PeriodListName, message, at, "would have no effect").help(help));
    }
}

fn named(name: &Spanned<String>, lists: &[PeriodList], sink: &mut Sink) -> Option<PeriodListId> {
    let names = || lists.iter().filter_map(|list| list.name.as_deref());
    if let Some(number) = lists.iter().position(|list| list.name.as_ref() == Some(&name.value)) {
        return Some(PeriodListId(number));
    }
    let message = format!("`period_lists` has no list {}", quoted(&name.value));
    let diagnostic = Diagnostic::new(Code::PeriodListName, message, name.span, "not the name of a list");
    sink.push(match did_you_mean(&name.value, names()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None if names().next().is_none() => diagnostic
            .help(format!(
                "write the list into rowkeep.yml, as in `period_lists: {{ {}: [2026] }}`",
                example_name(&name.value)
            ))
            .help("or remove the key: the table then has the periods of rowkeep.yml"),
        None => diagnostic.help(format!("the lists: {}", names().collect::<Vec<_>>().join(", "))),
    });
    None
}

fn of_another(model: &str, stated: &Spanned<String>, parents: &PeriodList) -> Diagnostic {
    let of_parent = parents.name.as_ref().map_or_else(|| "`periods` of rowkeep.yml".to_owned(), |name| quoted(name));
    let message = format!(
        "{model} has the list of periods {}, but a table that it depends on by `while_in` has {of_parent}: a rotation of one list would move only one of the two",
        quoted(&stated.value)
    );
    Diagnostic::new(Code::PeriodListName, message, stated.span, "not the list of its parents")
        .help("remove it: a table with `while_in` has the list of its parents")
}

fn known(lists: &[PeriodList]) -> String {
    let names: Vec<_> = lists.iter().filter_map(|list| list.name.as_deref()).collect();
    names.join("` or `periods: ")
}

/// The stated name if it may be that of a list.
fn example_name(stated: &str) -> &str {
    if crate::sql::Name::plain(stated).is_ok() { stated } else { "yearly" }
}

//! Links between tables: parents, run order and circles.

use std::collections::BTreeSet;

use crate::diagnostic::{Code, Diagnostic, Sink, did_you_mean, quoted};
use crate::dialect::Dialect;
use crate::project::resolve::columns::unknown_column;
use crate::project::resolve::retention::DraftRetention;
use crate::project::resolve::table::Draft;
use crate::project::shape::Entries;
use crate::project::{ColumnId, Filled, Retention, TableId};
use crate::source::{Span, Spanned};
use crate::sql::{Name, SqlType};

/// The most columns of a `while_in` join.
const MAX_PAIRS: usize = 32;

/// The longest chain of parents. A restore reads the batch of each parent in the chain.
const MAX_DEPTH: usize = 8;

/// A draft in run order. Its links are ids of that order.
pub(crate) struct Ordered {
    pub(crate) draft: Draft,
    pub(crate) retention: Retention,
    pub(crate) depends_on: Vec<TableId>,
    /// The position of its spec among the files.
    pub(crate) position: usize,
}

/// Sorts tables so that each runs after the tables that it depends on. Tables without such a link
/// keep the order of their files.
pub(crate) fn resolve(drafts: Vec<Draft>, dialect: Dialect, sink: &mut Sink) -> Option<Vec<Ordered>> {
    let links: Vec<Option<Links>> = drafts.iter().map(|draft| links(draft, &drafts, sink)).collect();
    let links: Vec<Links> = links.into_iter().collect::<Option<_>>()?;
    let order = topological(&drafts, &links, sink)?;
    let mut place = vec![0; order.len()];
    for (to, &from) in order.iter().enumerate() {
        place[from] = to;
    }
    let retentions: Vec<Option<Retention>> =
        (0..drafts.len()).map(|i| retention(i, &drafts, &links, &place, dialect, sink)).collect();
    let retentions: Vec<Retention> = retentions.into_iter().collect::<Option<_>>()?;
    let mut ordered: Vec<Ordered> = drafts
        .into_iter()
        .zip(retentions)
        .zip(&links)
        .enumerate()
        .map(|(position, ((draft, retention), links))| {
            let depends_on: BTreeSet<_> = links.all().map(|(table, _)| TableId(place[table])).collect();
            Ordered { draft, retention, depends_on: depends_on.into_iter().collect(), position }
        })
        .collect();
    ordered.sort_by_key(|table| place[table.position]);
    Some(ordered)
}

/// The tables to which a table refers, by the positions of their files.
struct Links {
    parent: Option<(usize, Span)>,
    after: Vec<(usize, Span)>,
}

impl Links {
    fn all(&self) -> impl Iterator<Item = (usize, Span)> + '_ {
        self.parent.iter().chain(&self.after).copied()
    }
}

fn links(draft: &Draft, drafts: &[Draft], sink: &mut Sink) -> Option<Links> {
    let mut complete = true;
    let others = || drafts.iter().filter(|other| !std::ptr::eq(*other, draft)).map(|other| other.model.value.as_str());
    let mut find = |name: &Spanned<String>, role: &str| {
        let found = drafts.iter().position(|other| other.model.value.as_str().eq_ignore_ascii_case(&name.value));
        let (model, target) = (draft.model.value.as_str(), quoted(&name.value));
        let problem = match found {
            Some(table) if std::ptr::eq(&drafts[table], draft) => Some((
                format!("{role} of {model} names the table itself"),
                "name another table, or remove the key".to_owned(),
            )),
            Some(_) => None,
            None => {
                let help = match (did_you_mean(&name.value, others()), others().take(8).collect::<Vec<_>>().as_slice())
                {
                    (Some(near), _) => format!("did you mean `{near}`?"),
                    (None, []) => "add a table spec for that model: the project has only this one".to_owned(),
                    (None, models) => format!("name another model of this project, such as {}", models.join(", ")),
                };
                Some((format!("{role} of {model} names {target}, which no table spec describes"), help))
            }
        };
        if let Some((message, help)) = problem {
            sink.push(Diagnostic::new(Code::TableReference, message, name.span, "not another table").help(help));
            complete = false;
            return None;
        }
        found.map(|table| (table, name.span))
    };
    let parent = match &draft.retention {
        DraftRetention::For { .. } => None,
        DraftRetention::WhileIn { model, .. } => find(model, "while_in"),
    };
    let after = draft.after.iter().filter_map(|name| find(name, "after")).collect();
    complete.then_some(Links { parent, after })
}

fn topological(drafts: &[Draft], links: &[Links], sink: &mut Sink) -> Option<Vec<usize>> {
    let mut order = Vec::with_capacity(drafts.len());
    let mut done = vec![false; drafts.len()];
    while order.len() < drafts.len() {
        let ready = (0..drafts.len()).find(|&i| !done[i] && links[i].all().all(|(table, _)| done[table]));
        let Some(ready) = ready else {
            sink.push(circle(drafts, links, &done));
            return None;
        };
        done[ready] = true;
        order.push(ready);
    }
    Some(order)
}

/// Finds a circle. Every table that is not done waits for another table that is not done, so a path
/// along these links ends in a circle.
fn circle(drafts: &[Draft], links: &[Links], done: &[bool]) -> Diagnostic {
    let mut path = vec![(0..drafts.len()).find(|&i| !done[i]).unwrap_or(0)];
    let start = loop {
        let here = path[path.len() - 1];
        let next = links[here].all().map(|(table, _)| table).find(|&table| !done[table]).unwrap_or(here);
        if let Some(start) = path.iter().position(|&table| table == next) {
            break start;
        }
        path.push(next);
    };
    let circle = &path[start..];
    let names: Vec<_> = circle.iter().chain([&circle[0]]).map(|&table| drafts[table].model.value.as_str()).collect();
    let message = format!("tables wait for each other in a circle, so none can run first: {}", names.join(" after "));
    let into = |from: usize, to: usize| links[from].all().find(|(table, _)| *table == to).map(|(_, span)| span);
    let places: Vec<_> = (0..circle.len()).filter_map(|i| into(circle[i], circle[(i + 1) % circle.len()])).collect();
    let first = places.first().copied().unwrap_or(drafts[circle[0]].model.span);
    let diagnostic =
        Diagnostic::new(Code::TableReference, message, first, "waits here").help("remove one `while_in` or `after`");
    places.iter().skip(1).fold(diagnostic, |diagnostic, &span| diagnostic.also(span, "and here"))
}

fn retention(
    i: usize,
    drafts: &[Draft],
    links: &[Links],
    place: &[usize],
    dialect: Dialect,
    sink: &mut Sink,
) -> Option<Retention> {
    let on = match &drafts[i].retention {
        DraftRetention::For { length, from } => return Some(Retention::For { length: *length, from: *from }),
        DraftRetention::WhileIn { on, .. } => on,
    };
    let (parent, span) = links[i].parent?;
    let (mut root, mut depth) = (parent, 1);
    while let Some((next, _)) = links[root].parent {
        (root, depth) = (next, depth + 1);
    }
    if depth > MAX_DEPTH {
        let model = drafts[i].model.value.as_str();
        let message =
            format!("{model} is {depth} levels below the table that decides its cutoff; {MAX_DEPTH} are allowed");
        sink.push(
            Diagnostic::new(Code::TableReference, message, span, "one level too many")
                .help("use a table further up the chain in `while_in`"),
        );
        return None;
    }
    let on = join(&drafts[i], &drafts[parent], on.as_ref(), span, dialect, sink)?;
    Some(Retention::WhileIn { parent: TableId(place[parent]), on, root: TableId(place[root]) })
}

/// The pairs of columns of a `while_in` join: a column of the child, and one of the parent.
fn join(
    child: &Draft,
    parent: &Draft,
    stated: Option<&Entries<String>>,
    span: Span,
    dialect: Dialect,
    sink: &mut Sink,
) -> Option<Vec<(ColumnId, ColumnId)>> {
    let (child_model, parent_model) = (child.model.value.as_str(), parent.model.value.as_str());
    let mut pairs = Vec::new();
    let mut complete = true;
    match stated {
        None => {
            for &theirs in &parent.unique_key {
                let name = &parent.columns[theirs.0].name;
                let Some(ours) = child.find(name, dialect) else {
                    let message = format!(
                        "{child_model} has no column {}, which is in the unique key of {parent_model}",
                        quoted(name.as_str())
                    );
                    sink.push(
                        Diagnostic::new(Code::UnknownColumn, message, span, "joins by name").help(format!(
                            "state the columns: `while_in: {{ model: {parent_model}, on: {{ <column of {child_model}>: {} }} }}`",
                            name.as_str()
                        )),
                    );
                    complete = false;
                    continue;
                };
                pairs.push((ours, theirs, span));
            }
        }
        Some(entries) => {
            for (ours, theirs) in &entries.0 {
                let theirs = theirs.get()?;
                let find =
                    |draft: &Draft, text: &str| Name::column(text).ok().and_then(|name| draft.find(&name, dialect));
                let (left, right) = (find(child, &ours.value), find(parent, &theirs.value));
                if left.is_none() {
                    sink.push(unknown_column(ours, "while_in", child_model, &child.columns, "columns"));
                }
                if right.is_none() {
                    sink.push(unknown_column(theirs, "the joined side", parent_model, &parent.columns, "columns"));
                }
                match left.zip(right) {
                    Some((left, right)) => pairs.push((left, right, theirs.span)),
                    None => complete = false,
                }
            }
            if entries.0.len() > MAX_PAIRS {
                let message =
                    format!("while_in of {child_model} joins on {} columns; {MAX_PAIRS} are allowed", entries.0.len());
                sink.push(Diagnostic::new(Code::Budget, message, span, "too many").help("join on fewer columns"));
                return None;
            }
            if entries.0.is_empty() {
                let message =
                    format!("while_in of {child_model} joins on no column; every row would match every parent");
                sink.push(
                    Diagnostic::new(Code::UnknownColumn, message, span, "empty `on`")
                        .help("name at least one pair of columns"),
                );
                complete = false;
            }
        }
    }
    for &(ours, theirs, span) in &pairs {
        let (left, right) = (&child.columns[ours.0], &parent.columns[theirs.0]);
        if !comparable(left.ty, right.ty) {
            let message = format!(
                "while_in of {child_model} compares {}, a {}, with {}, a {}: no row would match its parent",
                quoted(left.name.as_str()),
                left.ty,
                quoted(right.name.as_str()),
                right.ty
            );
            sink.push(
                Diagnostic::new(Code::ColumnType, message, span, "not comparable on every engine")
                    .help("join columns of the same type"),
            );
            complete = false;
        }
    }
    for &(_, theirs, span) in &pairs {
        let column = &parent.columns[theirs.0];
        if column.filled == Filled::Generated && parent.raw.is_some() {
            let message = format!(
                "while_in of {child_model} joins on {} of {parent_model}, which is `generated`: its raw table lacks the column, so a cycle cannot tell which rows a batch touches",
                quoted(column.name.as_str())
            );
            sink.push(
                Diagnostic::new(Code::ColumnType, message, span, "the batch does not have it")
                    .help(format!("remove `source` of {parent_model}; a cycle then looks at every row")),
            );
            complete = false;
        }
    }
    complete.then(|| pairs.into_iter().map(|(ours, theirs, _)| (ours, theirs)).collect())
}

pub(crate) fn comparable(left: SqlType, right: SqlType) -> bool {
    let textual = |ty| matches!(ty, SqlType::Varchar(_) | SqlType::Text);
    left == right || (left.is_whole_number() && right.is_whole_number()) || (textual(left) && textual(right))
}

//! What was found, held against what is claimed.

use crate::project::Spec;
use crate::verify::meaning::{All, Condition, Conjunct, Meaning, Role, Rows, Select, Source, Term};
use crate::verify::words;

/// One way in which a statement is not what its step claims.
#[derive(Debug)]
pub(super) struct Gap {
    /// What the condition around is for in the step, the outermost one that says so; `None` if there is none.
    pub(super) role: Option<Role>,
    /// What the condition itself is for, if that is something else.
    pub(super) part: Option<Role>,
    pub(super) kind: Kind,
    /// In words; empty where there is none.
    pub(super) expected: String,
    pub(super) found: String,
    /// The line, from 1; 0 if it is not known.
    pub(super) line: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A condition that the step has, and the statement has not.
    Missing,
    /// A condition in the place of another.
    Different,
    /// A condition that the step does not have.
    Extra,
    /// Other columns, or other values in them.
    Columns,
    /// Other rows to begin with.
    Rows,
}

/// Every gap between a claim and what was found; none if the claim is shown to be true.
pub(super) fn gaps<'m, 'a>(claim: &'m Meaning<'a>, found: &'m Meaning<'a>, spec: &'m Spec) -> Vec<Gap> {
    let mut search =
        Search { spec, role: None, part: None, claimed: Vec::new(), found: Vec::new(), line: 0, gaps: Vec::new() };
    match (claim, found) {
        (Meaning::Insert { columns, rows }, Meaning::Insert { columns: theirs, rows: found })
        | (Meaning::View { columns, rows }, Meaning::View { columns: theirs, rows: found }) => {
            if columns == theirs {
                search.rows(rows, found);
            } else {
                search.gap(Kind::Columns, columns.join(", "), theirs.join(", "), 0);
            }
        }
        (Meaning::Delete(claim), Meaning::Delete(found)) => search.select(claim, found),
        (Meaning::Update { set, of }, Meaning::Update { set: theirs, of: found }) => {
            if set != theirs {
                search.claimed.push(of);
                search.found.push(found);
                let said = |set: &[(std::borrow::Cow<'_, str>, Term<'_>)], queries: &[&Select<'_>]| {
                    let each =
                        set.iter().map(|(name, value)| format!("{name} = {}", words::term(value, queries, spec)));
                    each.collect::<Vec<_>>().join(", ")
                };
                let (expected, said) = (said(set, &search.claimed), said(theirs, &search.found));
                search.gap(Kind::Columns, expected, said, 0);
                search.claimed.pop();
                search.found.pop();
            }
            search.select(of, found);
        }
        (Meaning::Table(columns), Meaning::Table(theirs)) if columns != theirs => {
            let said = |columns: &[(std::borrow::Cow<'_, str>, String, bool)]| {
                let each = columns
                    .iter()
                    .map(|(name, ty, not_null)| format!("{name} {ty}{}", if *not_null { " NOT NULL" } else { "" }));
                each.collect::<Vec<_>>().join(", ")
            };
            search.gap(Kind::Columns, said(columns), said(theirs), 0);
        }
        (Meaning::Table(_), Meaning::Table(_)) => {}
        _ => search.gap(Kind::Rows, String::new(), String::new(), 0),
    }
    search.gaps
}

struct Search<'m, 'a> {
    spec: &'m Spec,
    /// What the conditions around are for: the outermost, and the innermost.
    role: Option<Role>,
    part: Option<Role>,
    /// Queries within queries, the outermost first, on both sides.
    claimed: Vec<&'m Select<'a>>,
    found: Vec<&'m Select<'a>>,
    /// The line of the condition around.
    line: usize,
    gaps: Vec<Gap>,
}

impl<'m, 'a> Search<'m, 'a> {
    fn gap(&mut self, kind: Kind, expected: String, found: String, line: usize) {
        let line = if line > 0 { line } else { self.line };
        let part = self.part.filter(|_| self.part != self.role);
        self.gaps.push(Gap { role: self.role, part, kind, expected, found, line });
    }

    fn rows(&mut self, claim: &'m Rows<'a>, found: &'m Rows<'a>) {
        match (claim, found) {
            (Rows::Select(claim), Rows::Select(found)) => self.select(claim, found),
            (Rows::UnionAll(claim), Rows::UnionAll(found)) if claim.len() == found.len() => {
                claim.iter().zip(found).for_each(|(claim, found)| self.select(claim, found));
            }
            (Rows::Except(claim), Rows::Except(found)) => {
                self.select(&claim.0, &found.0);
                self.select(&claim.1, &found.1);
            }
            _ => self.gap(Kind::Rows, form(claim), form(found), 0),
        }
    }

    fn select(&mut self, claim: &'m Select<'a>, found: &'m Select<'a>) {
        if claim == found {
            return;
        }
        let before = self.gaps.len();
        self.claimed.push(claim);
        self.found.push(found);
        self.sources(claim, found);
        // Of other rows, nothing more can be said.
        if self.gaps.len() == before {
            self.conditions(&claim.when, &found.when);
            self.conditions(&claim.having, &found.having);
            if claim.outputs != found.outputs {
                let differing = claim.outputs.iter().zip(&found.outputs).find(|(claim, found)| claim != found);
                let (expected, said) = match differing {
                    Some((claim, found)) => {
                        (words::term(claim, &self.claimed, self.spec), words::term(found, &self.found, self.spec))
                    }
                    None => (format!("{} values", claim.outputs.len()), format!("{} values", found.outputs.len())),
                };
                self.gap(Kind::Columns, expected, said, 0);
            }
            if claim.distinct != found.distinct || claim.group != found.group {
                let said = |select: &Select<'_>| match (select.distinct, &select.group) {
                    (true, _) => "distinct rows",
                    (false, Some(_)) => "one row for each group",
                    (false, None) => "every row",
                };
                self.gap(Kind::Rows, said(claim).to_owned(), said(found).to_owned(), 0);
            }
        }
        self.claimed.pop();
        self.found.pop();
    }

    fn sources(&mut self, claim: &'m Select<'a>, found: &'m Select<'a>) {
        if claim.from == found.from {
            return;
        }
        if claim.from.len() == found.from.len() {
            let before = self.gaps.len();
            let mut like = true;
            for (claim, found) in claim.from.iter().zip(&found.from) {
                match (claim, found) {
                    (Source::Query(claim), Source::Query(found)) => self.rows(claim, found),
                    _ => like &= claim == found,
                }
            }
            // Gaps inside of sources say more than the sources' names; and those that may be are none.
            if like || self.gaps.len() > before {
                return;
            }
        }
        let names = |select: &Select<'_>| {
            let each = select.from.iter().map(|source| match source {
                Source::Relation(slot) => slot.relation(self.spec).sql(self.spec.dialect),
                Source::Query(rows) => form(rows),
            });
            each.collect::<Vec<_>>().join(", ")
        };
        let (expected, said) = (names(claim), names(found));
        self.gap(Kind::Rows, expected, said, 0);
    }

    fn conditions(&mut self, claim: &'m All<'a>, found: &'m All<'a>) {
        let missing = claim.iter().filter(|conjunct| !found.has(conjunct));
        let mut extra: Vec<&'m Conjunct<'a>> = found.iter().filter(|conjunct| !claim.has(conjunct)).collect();
        for claim in missing {
            let partner = extra.iter().position(|found| are_alike(&claim.is, &found.is));
            match partner {
                Some(at) => {
                    let found = extra.remove(at);
                    self.conjunct(claim, found);
                }
                None if claim.role == Some(Role::Spare) => {}
                None => {
                    let expected = words::condition(&claim.is, &self.claimed, self.spec);
                    self.within(claim.role, 0, |search| search.gap(Kind::Missing, expected, String::new(), 0));
                }
            }
        }
        for found in extra {
            let said = words::condition(&found.is, &self.found, self.spec);
            self.gap(Kind::Extra, String::new(), said, found.line);
        }
    }

    /// Two conditions of one form that are not the same, or not in every part.
    fn conjunct(&mut self, claim: &'m Conjunct<'a>, found: &'m Conjunct<'a>) {
        self.within(claim.role, found.line, |search| match (&claim.is, &found.is) {
            (Condition::Exists(claim), Condition::Exists(found))
            | (Condition::NotExists(claim), Condition::NotExists(found)) => search.select(claim, found),
            (Condition::Any(alternatives), Condition::Any(others)) => search.alternatives(alternatives, others),
            _ => {
                let expected = words::condition(&claim.is, &search.claimed, search.spec);
                let said = words::condition(&found.is, &search.found, search.spec);
                search.gap(Kind::Different, expected, said, 0);
            }
        });
    }

    fn alternatives(&mut self, claim: &'m [All<'a>], found: &'m [All<'a>]) {
        let mut extra: Vec<&'m All<'a>> = found.iter().filter(|all| !claim.contains(all)).collect();
        for claim in claim.iter().filter(|all| !found.contains(all)) {
            let alike = |found: &&All<'a>| {
                claim.iter().count() == found.iter().count()
                    && claim.iter().zip(found.iter()).all(|(claim, found)| are_alike(&claim.is, &found.is))
            };
            match extra.iter().position(alike) {
                Some(at) => {
                    let found = extra.remove(at);
                    self.conditions(claim, found);
                }
                None => {
                    let said = claim.iter().map(|conjunct| words::condition(&conjunct.is, &self.claimed, self.spec));
                    let said = said.collect::<Vec<_>>().join(" AND ");
                    self.gap(Kind::Missing, said, String::new(), 0);
                }
            }
        }
        for found in extra {
            let said = found.iter().map(|conjunct| words::condition(&conjunct.is, &self.found, self.spec));
            let line = found.iter().map(|conjunct| conjunct.line).next().unwrap_or_default();
            self.gap(Kind::Extra, String::new(), said.collect::<Vec<_>>().join(" AND "), line);
        }
    }

    /// Goes on inside of a condition; the outermost role is the one that is said.
    fn within(&mut self, role: Option<Role>, line: usize, go_on: impl FnOnce(&mut Self)) {
        let (outer, outer_part, outer_line) = (self.role, self.part, self.line);
        self.role = outer.or(role);
        self.part = role.or(outer_part);
        self.line = if line > 0 { line } else { outer_line };
        go_on(self);
        (self.role, self.part, self.line) = (outer, outer_part, outer_line);
    }
}

/// Whether one condition was probably meant to be the other.
fn are_alike(a: &Condition<'_>, b: &Condition<'_>) -> bool {
    match (a, b) {
        (Condition::Exists(a), Condition::Exists(b)) | (Condition::NotExists(a), Condition::NotExists(b)) => {
            a.from == b.from
        }
        (Condition::Any(a), Condition::Any(b)) => !a.is_empty() && !b.is_empty(),
        (Condition::Compare(_, a1, a2), Condition::Compare(_, b1, b2)) => {
            (a1 == b1 && a2 == b2) || (a1 == b2 && a2 == b1) || differ_in_one(a1, a2, b1, b2)
        }
        _ => false,
    }
}

/// Whether two comparisons share a column and compare it with another value.
fn differ_in_one(a1: &Term<'_>, a2: &Term<'_>, b1: &Term<'_>, b2: &Term<'_>) -> bool {
    let is_value = |term: &Term<'_>| matches!(term, Term::Literal(_) | Term::Scalar(_));
    let shared = |column: &Term<'_>, a: &Term<'_>, other: &Term<'_>, b: &Term<'_>| {
        column == other && !is_value(column) && is_value(a) && is_value(b)
    };
    shared(a1, a2, b1, b2) || shared(a2, a1, b2, b1)
}

fn form(rows: &Rows<'_>) -> String {
    match rows {
        Rows::Select(_) => "a query".to_owned(),
        Rows::UnionAll(parts) => format!("a UNION ALL of {} queries", parts.len()),
        Rows::Except(_) => "an EXCEPT of two queries".to_owned(),
    }
}

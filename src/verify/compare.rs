//! Compares the meaning of a statement with the claim of its step.

use std::borrow::Cow;

use crate::project::Spec;
use crate::verify::meaning::{
    All, Changes, Condition, Conjunct, Definition, Meaning, Role, Rows, Select, Source, Term,
};
use crate::verify::{implied, print};

/// One difference between a statement and the claim of its step.
#[derive(Debug)]
pub(super) struct Gap {
    /// The purpose of the outermost condition around the difference that has one.
    pub(super) role: Option<Role>,
    /// The purpose of the innermost condition, if it is another one.
    pub(super) part: Option<Role>,
    pub(super) kind: Kind,
    /// As SQL. Empty if there is none.
    pub(super) expected: String,
    pub(super) found: String,
    /// The line, from 1, or 0 if it is unknown.
    pub(super) line: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A condition that the step has, but the statement lacks.
    Missing,
    /// Another form of a condition.
    Different,
    /// A condition that the step does not have.
    Extra,
    /// Other columns or other values.
    Columns,
    /// Other readers of a relation.
    Readers,
    /// Other sources of rows.
    Rows,
}

/// All differences between a claim and a meaning. If there are none, the claim is proven.
pub(super) fn gaps<'m, 'a>(claim: &'m Meaning<'a>, found: &'m Meaning<'a>, spec: &'m Spec) -> Vec<Gap> {
    let mut search =
        Search { spec, role: None, part: None, claimed: Vec::new(), found: Vec::new(), line: 0, gaps: Vec::new() };
    match (claim, found) {
        (Meaning::Insert { columns, rows }, Meaning::Insert { columns: theirs, rows: found })
        | (Meaning::View { columns, rows }, Meaning::View { columns: theirs, rows: found }) => {
            search.written((columns, rows), (theirs, found));
        }
        (
            Meaning::Upsert { columns, rows, key, update },
            Meaning::Upsert { columns: theirs, rows: found, key: their_key, update: their_update },
        ) => {
            search.written((columns, rows), (theirs, found));
            if key != their_key {
                let print = |key: &[Cow<'_, str>]| format!("ON CONFLICT ({})", key.join(", "));
                search.gap(Kind::Columns, print(key), print(their_key), 0);
            }
            search.changes(update, their_update);
        }
        (Meaning::Delete(claim), Meaning::Delete(found)) => search.select(claim, found),
        (Meaning::Update(claim), Meaning::Update(found)) => search.changes(claim, found),
        (Meaning::Table(columns), Meaning::Table(theirs)) if !is_table(columns, theirs) => {
            let print = |columns: &[Definition<'_>]| {
                let each = columns.iter().map(|Definition { name, ty, not_null, has_default, is_identity }| {
                    let default = if *has_default { " DEFAULT ..." } else { "" };
                    let identity = if *is_identity { " GENERATED ALWAYS AS IDENTITY" } else { "" };
                    format!("{name} {ty}{default}{}{identity}", if *not_null { " NOT NULL" } else { "" })
                });
                each.collect::<Vec<_>>().join(", ")
            };
            search.gap(Kind::Columns, print(columns), print(theirs), 0);
        }
        (Meaning::Table(_), Meaning::Table(_)) => {}
        (Meaning::Index { .. }, Meaning::Index { .. }) if claim == found => {}
        (
            Meaning::Index { name, columns, unique },
            Meaning::Index { name: other, columns: theirs, unique: is_unique },
        ) => {
            let print = |name: &str, columns: &[Cow<'_, str>], unique: bool| {
                format!("{}INDEX {name} ({})", if unique { "UNIQUE " } else { "" }, columns.join(", "))
            };
            search.gap(Kind::Columns, print(name, columns, *unique), print(other, theirs, *is_unique), 0);
        }
        (Meaning::Grant { readers }, Meaning::Grant { readers: theirs }) => {
            if readers != theirs {
                search.gap(Kind::Readers, readers.join(", "), theirs.join(", "), 0);
            }
        }
        _ => search.gap(Kind::Rows, effect(claim), effect(found), 0),
    }
    search.gaps
}

/// An effect that another one of the same verb could be taken for.
fn effect(meaning: &Meaning<'_>) -> String {
    match meaning {
        Meaning::Insert { .. } => "INSERT".to_owned(),
        Meaning::Upsert { .. } => "INSERT ... ON CONFLICT ... DO UPDATE".to_owned(),
        _ => String::new(),
    }
}

/// The conditions that both sides have.
fn shared<'s, 'a>(claim: &'s All<'a>, found: &'s All<'a>) -> impl Iterator<Item = &'s Conjunct<'a>> {
    claim.iter().filter(|conjunct| found.has(conjunct))
}

/// Whether a table has the claimed columns first, in their order. More columns may follow if an
/// INSERT does not need to list them: an audit column, for example.
fn is_table(claim: &[Definition<'_>], found: &[Definition<'_>]) -> bool {
    match found.split_at_checked(claim.len()) {
        Some((same, more)) => claim == same && more.iter().all(|column| column.has_default || !column.not_null),
        None => false,
    }
}

struct Search<'m, 'a> {
    spec: &'m Spec,
    /// The purpose of the outermost condition around.
    role: Option<Role>,
    /// The purpose of the innermost condition around.
    part: Option<Role>,
    /// The nested queries on both sides, the outermost first.
    claimed: Vec<&'m Select<'a>>,
    found: Vec<&'m Select<'a>>,
    /// The line of the innermost condition around.
    line: usize,
    gaps: Vec<Gap>,
}

impl<'m, 'a> Search<'m, 'a> {
    fn gap(&mut self, kind: Kind, expected: String, found: String, line: usize) {
        let line = if line > 0 { line } else { self.line };
        let part = self.part.filter(|_| self.part != self.role);
        self.gaps.push(Gap { role: self.role, part, kind, expected, found, line });
    }

    /// Compares the written columns, and the rows that give their values.
    fn written(
        &mut self,
        (columns, claim): (&'m [Cow<'a, str>], &'m Rows<'a>),
        (theirs, found): (&'m [Cow<'a, str>], &'m Rows<'a>),
    ) {
        if columns == theirs {
            self.rows(claim, found);
        } else {
            self.gap(Kind::Columns, columns.join(", "), theirs.join(", "), 0);
        }
    }

    fn changes(&mut self, claim: &'m Changes<'a>, found: &'m Changes<'a>) {
        if claim.set != found.set {
            let print = |changes: &'m Changes<'a>| {
                let value = |term| print::term(term, &[&changes.rows], self.spec);
                let each = changes.set.iter().map(|(name, term)| format!("{name} = {}", value(term)));
                each.collect::<Vec<_>>().join(", ")
            };
            self.gap(Kind::Columns, print(claim), print(found), 0);
        }
        self.select(&claim.rows, &found.rows);
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
        // If the sources differ, the conditions cannot be compared.
        if self.gaps.len() == before {
            self.conditions(&claim.when, &found.when);
            self.conditions(&claim.having, &found.having);
            if claim.outputs != found.outputs {
                let differing = claim.outputs.iter().zip(&found.outputs).find(|(claim, found)| claim != found);
                let (expected, found) = match differing {
                    Some((claim, found)) => {
                        (print::term(claim, &self.claimed, self.spec), print::term(found, &self.found, self.spec))
                    }
                    None => (format!("{} values", claim.outputs.len()), format!("{} values", found.outputs.len())),
                };
                self.gap(Kind::Columns, expected, found, 0);
            }
            if claim.distinct != found.distinct || claim.group != found.group {
                let form = |select: &Select<'_>| match (select.distinct, &select.group) {
                    (true, _) => "distinct rows",
                    (false, Some(_)) => "one row for each group",
                    (false, None) => "every row",
                };
                self.gap(Kind::Rows, form(claim).to_owned(), form(found).to_owned(), 0);
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
            let mut same_relations = true;
            for (claim, found) in claim.from.iter().zip(&found.from) {
                match (claim, found) {
                    (Source::Query(claim), Source::Query(found)) => self.rows(claim, found),
                    _ => same_relations &= claim == found,
                }
            }
            // A difference inside a source is more precise than the names of the sources. A
            // difference that is allowed is none.
            if same_relations || self.gaps.len() > before {
                return;
            }
        }
        let names = |select: &Select<'_>| {
            let each = select.from.iter().map(|source| match source {
                Source::Relation(slot) => slot.relation(self.spec).sql(self.spec.dialect),
                Source::Query(rows) => form(rows),
                Source::Excluded => "the row that could not be inserted".to_owned(),
            });
            each.collect::<Vec<_>>().join(", ")
        };
        let (expected, found) = (names(claim), names(found));
        self.gap(Kind::Rows, expected, found, 0);
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
                    let expected = print::condition(&claim.is, &self.claimed, self.spec);
                    self.within(claim.role, 0, |search| search.gap(Kind::Missing, expected, String::new(), 0));
                }
            }
        }
        // A condition that follows from the others here and around changes nothing.
        let around = self.claimed.iter().zip(&self.found).flat_map(|(claim, found)| shared(&claim.when, &found.when));
        let known = All::new(around.chain(shared(claim, found)).cloned().collect());
        let extra = extra.into_iter().filter(|extra| !implied::by(&known, &extra.is));
        for found in extra {
            let extra = print::condition(&found.is, &self.found, self.spec);
            self.gap(Kind::Extra, String::new(), extra, found.line);
        }
    }

    /// Compares two conditions of the same form.
    fn conjunct(&mut self, claim: &'m Conjunct<'a>, found: &'m Conjunct<'a>) {
        self.within(claim.role, found.line, |search| match (&claim.is, &found.is) {
            (Condition::Exists(claim), Condition::Exists(found))
            | (Condition::NotExists(claim), Condition::NotExists(found)) => search.select(claim, found),
            (Condition::Any(alternatives), Condition::Any(others)) => search.alternatives(alternatives, others),
            _ => {
                let expected = print::condition(&claim.is, &search.claimed, search.spec);
                let found = print::condition(&found.is, &search.found, search.spec);
                search.gap(Kind::Different, expected, found, 0);
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
                    let expected = claim.iter().map(|one| print::condition(&one.is, &self.claimed, self.spec));
                    let expected = expected.collect::<Vec<_>>().join(" AND ");
                    self.gap(Kind::Missing, expected, String::new(), 0);
                }
            }
        }
        for found in extra {
            let extra = found.iter().map(|one| print::condition(&one.is, &self.found, self.spec));
            let line = found.iter().map(|conjunct| conjunct.line).next().unwrap_or_default();
            self.gap(Kind::Extra, String::new(), extra.collect::<Vec<_>>().join(" AND "), line);
        }
    }

    /// Compares the inside of a condition with this role and this line.
    fn within(&mut self, role: Option<Role>, line: usize, compare: impl FnOnce(&mut Self)) {
        let (outer, outer_part, outer_line) = (self.role, self.part, self.line);
        self.role = outer.or(role);
        self.part = role.or(outer_part);
        self.line = if line > 0 { line } else { outer_line };
        compare(self);
        (self.role, self.part, self.line) = (outer, outer_part, outer_line);
    }
}

/// Whether one condition is probably a changed form of the other.
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

/// Whether two comparisons have the same column and different values.
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

//! Prints conditions and terms as SQL for messages. Names of relations replace the aliases.

use std::fmt::Write as _;

use crate::project::Spec;
use crate::verify::meaning::{All, Comparison, Condition, Depth, Place, Role, Row, Rows, Select, Source, Term};

/// A longer text is cut.
const MAX_CHARS: usize = 240;

/// A condition as SQL. `queries` are the queries around it, the outermost first.
pub(super) fn condition(is: &Condition<'_>, queries: &[&Select<'_>], spec: &Spec) -> String {
    let mut printer = Printer { spec, queries: queries.to_vec(), out: String::new() };
    printer.condition(is);
    printer.finish()
}

/// A term as SQL. `queries` are the queries around it, the outermost first.
pub(super) fn term(is: &Term<'_>, queries: &[&Select<'_>], spec: &Spec) -> String {
    let mut printer = Printer { spec, queries: queries.to_vec(), out: String::new() };
    printer.term(is);
    printer.finish()
}

struct Printer<'m, 'a> {
    spec: &'m Spec,
    queries: Vec<&'m Select<'a>>,
    out: String,
}

impl<'m, 'a> Printer<'m, 'a> {
    fn finish(self) -> String {
        match self.out.char_indices().nth(MAX_CHARS) {
            None => self.out,
            Some((at, _)) => format!("{} …", self.out[..at].trim_end()),
        }
    }

    fn condition(&mut self, is: &'m Condition<'a>) {
        if self.out.len() > 8 * MAX_CHARS {
            return;
        }
        match is {
            Condition::Compare(comparison, a, b) => {
                self.term(a);
                self.out.push_str(match comparison {
                    Comparison::Equal => " = ",
                    Comparison::NotEqual => " <> ",
                    Comparison::Less => " < ",
                    Comparison::LessOrEqual => " <= ",
                });
                self.term(b);
            }
            Condition::IsNull(term) => {
                self.term(term);
                self.out.push_str(" IS NULL");
            }
            Condition::IsNotNull(term) => {
                self.term(term);
                self.out.push_str(" IS NOT NULL");
            }
            Condition::Exists(select) => {
                self.out.push_str("EXISTS (");
                self.select(select);
                self.out.push(')');
            }
            Condition::NotExists(select) => {
                self.out.push_str("NOT EXISTS (");
                self.select(select);
                self.out.push(')');
            }
            Condition::Any(alternatives) if alternatives.is_empty() => self.out.push_str("FALSE"),
            Condition::Any(alternatives) => {
                self.out.push('(');
                for (i, all) in alternatives.iter().enumerate() {
                    self.out.push_str(if i > 0 { " OR " } else { "" });
                    self.all(all);
                }
                self.out.push(')');
            }
        }
    }

    fn all(&mut self, all: &'m All<'a>) {
        // An optional condition would only make the text longer.
        let printed = all.iter().filter(|conjunct| conjunct.role != Some(Role::Spare));
        for (i, conjunct) in printed.enumerate() {
            self.out.push_str(if i > 0 { " AND " } else { "" });
            self.condition(&conjunct.is);
        }
    }

    fn select(&mut self, select: &'m Select<'a>) {
        self.queries.push(select);
        self.out.push_str("SELECT ");
        if select.outputs.is_empty() {
            self.out.push('1');
        }
        for (i, output) in select.outputs.iter().enumerate() {
            self.out.push_str(if i > 0 { ", " } else { "" });
            self.term(output);
        }
        self.out.push_str(" FROM ");
        for i in 0..select.from.len() {
            self.out.push_str(if i > 0 { ", " } else { "" });
            self.source(Row { depth: Depth(self.queries.len() - 1), place: Place(i) });
        }
        if !select.when.is_empty() {
            self.out.push_str(" WHERE ");
            self.all(&select.when);
        }
        self.queries.pop();
    }

    fn source(&mut self, row: Row) {
        match self.source_of(row) {
            Some(Source::Relation(slot)) => {
                let name = slot.relation(self.spec).name.sql(self.spec.dialect);
                self.out.push_str(&name);
            }
            Some(Source::Excluded) => self.out.push_str("excluded"),
            _ => self.out.push_str("(…)"),
        }
    }

    fn term(&mut self, term: &'m Term<'a>) {
        if self.out.len() > 8 * MAX_CHARS {
            return;
        }
        match term {
            Term::Column(row, name) => {
                self.source(*row);
                let _ = write!(self.out, ".{name}");
            }
            Term::Output(row, inner) => self.output(*row, inner),
            Term::Literal(text) => self.out.push_str(text),
            Term::Call(name, args) => match (&**name, args.as_slice()) {
                (sign @ ("+" | "-" | "*" | "/"), [a, b]) => {
                    self.term(a);
                    let _ = write!(self.out, " {sign} ");
                    self.term(b);
                }
                _ => {
                    let _ = write!(self.out, "{}(", name.to_uppercase());
                    for (i, arg) in args.iter().enumerate() {
                        self.out.push_str(if i > 0 { ", " } else { "" });
                        self.term(arg);
                    }
                    self.out.push(')');
                }
            },
            Term::Case(cases, otherwise) => {
                self.out.push_str("CASE");
                for (when, then) in cases {
                    self.out.push_str(" WHEN ");
                    self.all(when);
                    self.out.push_str(" THEN ");
                    self.term(then);
                }
                if let Some(otherwise) = otherwise {
                    self.out.push_str(" ELSE ");
                    self.term(otherwise);
                }
                self.out.push_str(" END");
            }
            Term::Scalar(select) => {
                self.out.push('(');
                self.select(select);
                self.out.push(')');
            }
            Term::Over { aggregate, by } => {
                self.term(aggregate);
                self.out.push_str(" OVER (PARTITION BY ");
                for (i, term) in by.iter().enumerate() {
                    self.out.push_str(if i > 0 { ", " } else { "" });
                    self.term(term);
                }
                self.out.push(')');
            }
            Term::RowNumber { by, order } => {
                self.out.push_str("ROW_NUMBER() OVER (PARTITION BY ");
                for (i, term) in by.iter().enumerate() {
                    self.out.push_str(if i > 0 { ", " } else { "" });
                    self.term(term);
                }
                self.out.push_str(" ORDER BY ");
                for (i, order) in order.iter().enumerate() {
                    self.out.push_str(if i > 0 { ", " } else { "" });
                    self.term(&order.term);
                    self.out.push_str(if order.descending { " DESC" } else { "" });
                    self.out.push_str(match order.nulls_first {
                        Some(true) => " NULLS FIRST",
                        Some(false) => " NULLS LAST",
                        None => "",
                    });
                }
                self.out.push(')');
            }
        }
    }

    fn source_of(&self, row: Row) -> Option<&'m Source<'a>> {
        self.queries.get(row.depth.0).and_then(|query| query.from.get(row.place.0))
    }

    /// Prints the output of a source as the term that computes it.
    fn output(&mut self, row: Row, inner: &'m Term<'a>) {
        let inside = match self.source_of(row) {
            Some(Source::Query(rows)) => match &**rows {
                Rows::Select(select) => Some(select),
                Rows::UnionAll(parts) => parts.first(),
                Rows::Except(_) => None,
            },
            _ => None,
        };
        let outer = self.queries.split_off((row.depth.0 + 1).min(self.queries.len()));
        self.queries.extend(inside);
        self.term(inner);
        self.queries.truncate(row.depth.0 + 1);
        self.queries.extend(outer);
    }
}

//! Statements of one step that differ only in their period. The first of them is proven. The others
//! are its instances: the same text and the same claim, with other names and bounds.
//!
//! A renaming replaces the names and bounds of the proven period by those of another period, in the
//! text and in the claim. If the results are the text and the claim of the other statement, the
//! proof of the first also proves the other: it compares names and literals, and nothing in it
//! depends on what they say. So the renaming must be one to one. And the proven statement must have
//! exactly the meaning that is claimed: a condition that only follows from the claim may follow
//! from one bound and not from another.

use std::borrow::Cow;

use crate::cycle::plan::Slot;
use crate::project::{PeriodId, Spec, TableId};
use crate::verify::meaning::{All, Condition, Meaning, Rows, Select, Source, Term};

/// The names and bounds of a period, and those of another period.
#[derive(Debug)]
pub(super) struct Renaming {
    table: TableId,
    from: PeriodId,
    to: PeriodId,
    /// The longest text first: the name of a table may contain the name of its period.
    texts: Vec<(String, String)>,
}

/// A text with its marks: the offsets of the names of relations.
#[derive(Clone, Copy, Debug)]
pub(super) struct Marked<'t> {
    pub(super) sql: &'t str,
    pub(super) marks: &'t [usize],
}

impl Renaming {
    /// `None` if it would not be one to one.
    pub(super) fn new(spec: &Spec, table: TableId, from: PeriodId, to: PeriodId) -> Option<Self> {
        let mut texts: Vec<_> = texts_of(spec, table, from).into_iter().zip(texts_of(spec, table, to)).collect();
        texts.sort_by(|(a, _), (b, _)| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        let pairs =
            || texts.iter().enumerate().flat_map(|(nth, one)| texts[..nth].iter().map(move |other| (one, other)));
        let is_one_to_one = pairs().all(|((a, b), (other_a, other_b))| a != other_a && b != other_b);
        is_one_to_one.then_some(Self { table, from, to, texts })
    }

    /// Whether the second text is the first one, renamed.
    pub(super) fn gives(&self, first: Marked<'_>, other: Marked<'_>) -> bool {
        let mut marks = first.marks.iter().zip(other.marks).peekable();
        let mut rest = other.sql;
        let mut are_marked = first.marks.len() == other.marks.len();
        let is_same = self.rename(first.sql, |at, text| {
            while let Some((_, moved)) = marks.next_if(|(mark, _)| **mark <= at) {
                are_marked &= *moved == other.sql.len() - rest.len();
            }
            rest = rest.strip_prefix(text)?;
            Some(())
        });
        is_same.is_some() && rest.is_empty() && are_marked && marks.next().is_none()
    }

    /// Whether the second claim is the first one, renamed.
    pub(super) fn claims<'a>(&self, first: &mut Meaning<'a>, other: &Meaning<'a>) -> bool {
        self.meaning(first).is_some() && first == other
    }

    /// Gives each piece of a renamed text to `each`, with its offset before. `None` if `each` gives
    /// it, or if the text has a name of the other period, which would make two names equal, or a
    /// name in another case, which an engine may take for the same.
    fn rename<'t>(&'t self, text: &'t str, mut each: impl FnMut(usize, &'t str) -> Option<()>) -> Option<()> {
        let mut at = 0;
        while at < text.len() {
            if let Some((from, to)) = self.texts.iter().find(|(from, _)| is_word(text, at, from, str::eq)) {
                each(at, to)?;
                at += from.len();
                continue;
            }
            let is_one = |name: &String| is_word(text, at, name, str::eq_ignore_ascii_case);
            if self.texts.iter().any(|(from, to)| is_one(from) || is_one(to)) {
                return None;
            }
            let piece = &text[at..];
            let is_end = |&(nth, c): &(usize, char)| nth > 0 && !is_part(c);
            let length = match piece.chars().next() {
                Some(first) if !is_part(first) => first.len_utf8(),
                _ => piece.char_indices().find(is_end).map_or(piece.len(), |(end, _)| end),
            };
            each(at, &piece[..length])?;
            at += length;
        }
        Some(())
    }

    fn literal(&self, literal: &mut Cow<'_, str>) -> Option<()> {
        let mut renamed = String::with_capacity(literal.len());
        self.rename(literal, |_, piece| {
            renamed.push_str(piece);
            Some(())
        })?;
        *literal = Cow::Owned(renamed);
        Some(())
    }

    fn meaning(&self, meaning: &mut Meaning<'_>) -> Option<()> {
        match meaning {
            Meaning::Insert { rows, .. } => self.rows(rows),
            Meaning::Delete(select) => self.select(select),
            Meaning::Table(_) => Some(()),
            // No step of a period has these.
            Meaning::Upsert { .. } | Meaning::Update(_) | Meaning::View { .. } | Meaning::Index { .. } => None,
            Meaning::Grant { .. } => None,
        }
    }

    fn rows(&self, rows: &mut Rows<'_>) -> Option<()> {
        match rows {
            Rows::Select(select) => self.select(select),
            // The order of the parts may depend on their names.
            Rows::UnionAll(_) | Rows::Except(_) => None,
        }
    }

    fn select(&self, select: &mut Select<'_>) -> Option<()> {
        let Select { from, when, outputs, distinct: _, group, having } = select;
        for source in from {
            match source {
                Source::Relation(slot) => *slot = self.slot(*slot)?,
                Source::Query(rows) => self.rows(rows)?,
                Source::Excluded => {}
            }
        }
        self.all(when)?;
        self.all(having)?;
        outputs.iter_mut().chain(group.iter_mut().flatten()).try_for_each(|term| self.term(term))
    }

    /// The slot after the renaming. `None` for the history table of another period.
    pub(super) fn slot(&self, slot: Slot) -> Option<Slot> {
        match slot {
            Slot::History(table, period) if table == self.table => {
                (period == self.from).then_some(Slot::History(table, self.to))
            }
            other => Some(other),
        }
    }

    fn all<'a>(&self, all: &mut All<'a>) -> Option<()> {
        let mut conjuncts = std::mem::take(all).into_conjuncts();
        conjuncts.iter_mut().try_for_each(|conjunct| self.condition(&mut conjunct.is))?;
        *all = All::new(conjuncts);
        Some(())
    }

    fn condition(&self, condition: &mut Condition<'_>) -> Option<()> {
        match condition {
            Condition::Compare(_, a, b) => self.term(a).and_then(|()| self.term(b)),
            Condition::IsNull(term) | Condition::IsNotNull(term) => self.term(term),
            Condition::Exists(select) | Condition::NotExists(select) => self.select(select),
            Condition::Any(alternatives) => {
                alternatives.iter_mut().try_for_each(|all| self.all(all))?;
                alternatives.sort();
                Some(())
            }
        }
    }

    fn term(&self, term: &mut Term<'_>) -> Option<()> {
        match term {
            Term::Column(..) => Some(()),
            Term::Output(_, inner) => self.term(inner),
            Term::Literal(text) => self.literal(text),
            Term::Call(_, arguments) => arguments.iter_mut().try_for_each(|term| self.term(term)),
            Term::Case(cases, otherwise) => {
                cases.iter_mut().try_for_each(|(when, then)| self.all(when).and_then(|()| self.term(then)))?;
                otherwise.iter_mut().try_for_each(|term| self.term(term))
            }
            Term::Scalar(select) => self.select(select),
            Term::RowNumber { by, order } => {
                by.iter_mut().chain(order.iter_mut().map(|order| &mut order.term)).try_for_each(|term| self.term(term))
            }
            Term::Over { aggregate, by } => {
                self.term(aggregate).and_then(|()| by.iter_mut().try_for_each(|term| self.term(term)))
            }
        }
    }
}

/// The texts of a statement that depend on its period: the name of the history table, the bounds,
/// and the name of the period. A bound with a type is only the text in its quotes: engines write
/// the type in two ways.
fn texts_of(spec: &Spec, table: TableId, period: PeriodId) -> [String; 4] {
    let unit = spec.table(table).time.unit;
    let relation = Slot::History(table, period).relation(spec);
    let period = spec.period(period);
    let bound = |day: String, epoch| {
        let text = spec.dialect.rules().instant(&day, epoch, unit);
        let quoted = text.find('\'').zip(text.rfind('\'')).map(|(start, end)| text[start..=end].to_owned());
        quoted.unwrap_or(text)
    };
    [
        relation.name().sql(spec.dialect),
        bound(period.start(), period.start_epoch()),
        bound(period.end(), period.end_epoch()),
        period.name.clone(),
    ]
}

/// Whether a character can be a part of a word of SQL.
fn is_part(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$' | '#' | '@')
}

/// Whether the text has a word at an offset, and not as a part of a longer word.
fn is_word(text: &str, at: usize, word: &str, is_same: fn(&str, &str) -> bool) -> bool {
    let Some(found) = text.get(at..at + word.len()).filter(|found| is_same(found, word)) else { return false };
    let continues = |a: Option<char>, b: Option<char>| a.is_some_and(is_part) && b.is_some_and(is_part);
    !continues(text[..at].chars().next_back(), found.chars().next())
        && !continues(found.chars().next_back(), text[at + word.len()..].chars().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renaming(texts: &[(&str, &str)]) -> Renaming {
        let texts = texts.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
        Renaming { table: TableId(0), from: PeriodId(0), to: PeriodId(1), texts }
    }

    fn gives(first: &str, other: &str) -> bool {
        let texts = [("hist_2025_h1", "hist_2025_h2"), ("2025_h1", "2025_h2"), ("100", "200"), ("200", "300")];
        renaming(&texts).gives(Marked { sql: first, marks: &[] }, Marked { sql: other, marks: &[] })
    }

    #[test]
    fn an_instance_has_the_names_and_bounds_of_its_period() {
        let first = "DELETE FROM m WHERE t >= 100 AND t < 200 AND EXISTS (SELECT 1 FROM s.hist_2025_h1)";
        let other = "DELETE FROM m WHERE t >= 200 AND t < 300 AND EXISTS (SELECT 1 FROM s.hist_2025_h2)";
        assert!(gives(first, other));
        // The table, a bound, or a constant of the first period.
        assert!(!gives(first, &other.replace("hist_2025_h2", "hist_2025_h1")));
        assert!(!gives(first, &other.replace("t >= 200", "t >= 100")));
        assert!(!gives(first, &other.replace("SELECT 1", "SELECT 2")));
        assert!(!gives(first, &format!("{other} ")));
        assert!(gives("'history 2025_h1'", "'history 2025_h2'"));
    }

    #[test]
    fn a_text_with_a_name_of_the_other_period_has_no_instance() {
        // Otherwise, two names would become one.
        assert!(!gives("hist_2025_h1, hist_2025_h2", "hist_2025_h2, hist_2025_h2"));
        assert!(!gives("t < 300", "t < 300"));
        // An engine takes these for one name.
        assert!(!gives("HIST_2025_H1", "HIST_2025_H1"));
    }

    #[test]
    fn a_part_of_a_word_is_not_renamed() {
        assert!(gives("a_2025_h1", "a_2025_h1"));
        assert!(!gives("a_2025_h1", "a_2025_h2"));
        assert!(gives("1000", "1000"));
    }

    #[test]
    fn marks_move_with_the_text() {
        let renaming = renaming(&[("short", "much_longer")]);
        let first = Marked { sql: "FROM s.short JOIN s.other", marks: &[5, 18] };
        let other = |marks| Marked { sql: "FROM s.much_longer JOIN s.other", marks };
        assert!(renaming.gives(first, other(&[5, 24])));
        assert!(!renaming.gives(first, other(&[5, 18])));
        assert!(!renaming.gives(first, other(&[5])));
    }

    #[test]
    fn texts_that_become_equal_are_refused() {
        let inputs = crate::Inputs::new(
            "rowkeep.yml",
            "name: shop\ndialect: duckdb\nschema: s\nperiods: [2024, 2025]\nexceptions: x\ntables:\n- {model: mart, history: hist, unique_key: id, time: {column: t, unit: epoch_seconds}, rows: latest, retention: {for: 90 days}, exception: GAP, columns: {id: bigint, t: bigint}}\n",
        );
        let mut spec = crate::compile(&inputs).unwrap().spec;
        let renaming = |spec: &Spec| Renaming::new(spec, TableId(0), PeriodId(0), PeriodId(1));
        assert!(renaming(&spec).is_some());
        // A period whose name is the number of its first day.
        spec.all_periods[1].name = spec.all_periods[1].start_epoch().to_string();
        assert!(renaming(&spec).is_none());
    }
}

//! Columns that are for people: an override may say there what it likes, as long as it only speaks.

use sqlparser::ast::Select as SelectTree;

use crate::cycle::plan::Slot;
use crate::verify::lower::{Lowering, OpenSource, Result};
use crate::verify::meaning::Term;

impl<'a> Lowering<'a, '_> {
    /// Columns for people to read: an override may say there what it likes.
    pub(super) fn is_words(&self, writes: Slot, column: &str) -> bool {
        matches!(writes, Slot::Exceptions(_)) && ["notes", "resolved_by", "resolution_notes"].contains(&column)
    }

    /// Outputs that are for people. What they read of a UNION ALL is not compared either.
    pub(super) fn words(
        &mut self,
        select: &'a SelectTree,
        words: &[usize],
        (home, frame): (usize, usize),
        distinct: bool,
        grouped: bool,
    ) -> Result<()> {
        let used: Vec<_> = self.queries[home].sources.iter().map(OpenSource::used).collect();
        for &i in words {
            let value = self.term(self.output(&select.projection[i])?, frame, 0)?;
            if distinct && !matches!(value, Term::Literal(_)) {
                return Err(self.unshown("words that differ between rows which are to be one"));
            }
            self.only_words(&value, grouped)?;
        }
        for (source, before) in self.queries[home].sources.iter_mut().zip(used) {
            if let OpenSource::Union(_, used) = source {
                *used = before;
            }
        }
        Ok(())
    }

    /// Words for people: texts, and what chooses between them. Anything else might fail, or do more than speak.
    pub(super) fn only_words(&self, value: &Term<'a>, grouped: bool) -> Result<()> {
        /// What the shortest of these columns holds is not asked: notes are the longest.
        const LONGEST: usize = 512;
        let is_fine = match value {
            Term::Literal(text) => text.len() <= LONGEST,
            Term::Column(..) => !grouped,
            Term::Of(_, inner) => !grouped && self.only_words(inner, false).is_ok(),
            Term::Call(name, args) => {
                let each = |arg: &Term<'a>| matches!(arg, Term::Of(_, inner) if self.only_words(inner, false).is_ok());
                grouped && ["min", "max"].contains(&&**name) && args.iter().all(each)
            }
            Term::Case(cases, otherwise) => {
                let mut each = cases.iter().map(|(_, then)| then).chain(otherwise.as_deref());
                each.all(|text| matches!(text, Term::Literal(_)) && self.only_words(text, grouped).is_ok())
            }
            Term::Scalar(_) | Term::RowNumber { .. } => false,
        };
        if is_fine { Ok(()) } else { Err(self.unshown("words of an exception that are no texts")) }
    }
}

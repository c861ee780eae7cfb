//! The free-text columns of the exceptions table. A template may write any text into them, but
//! nothing that could fail or change the rows.

use sqlparser::ast::Select as SelectTree;

use crate::cycle::plan::Slot;
use crate::verify::lower::{Lowering, OpenSource, Opened, Result, RowForm};
use crate::verify::meaning::Term;

impl<'a> Lowering<'a, '_> {
    /// Whether a column holds text for people. The text is not compared.
    pub(super) fn is_free_text(&self, writes: Slot, column: &str) -> bool {
        matches!(writes, Slot::Exceptions(_)) && ["notes", "resolved_by", "resolution_notes"].contains(&column)
    }

    /// Checks the outputs that go into free-text columns. The outputs of a UNION ALL that only they
    /// read are not compared either.
    pub(super) fn check_free_text(
        &mut self,
        select: &'a SelectTree,
        outputs: &[usize],
        opened: Opened,
        form: RowForm,
    ) -> Result<()> {
        let used: Vec<_> = self.queries[opened.query.0].sources.iter().map(OpenSource::used).collect();
        for &i in outputs {
            let value = self.term(self.output(&select.projection[i])?, opened.scope, 0)?;
            if form.distinct && !matches!(value, Term::Literal(_)) {
                return Err(self.unshown("a text that may differ between rows that DISTINCT must join"));
            }
            self.expect_plain_text(&value, form.grouped)?;
        }
        for (source, before) in self.queries[opened.query.0].sources.iter_mut().zip(used) {
            if let OpenSource::Union(_, used) = source {
                *used = before;
            }
        }
        Ok(())
    }

    /// Accepts texts, and a CASE or a MIN that selects one of them. Another value could fail or
    /// have an effect.
    pub(super) fn expect_plain_text(&self, value: &Term<'a>, grouped: bool) -> Result<()> {
        /// The length of `notes`, the longest free-text column. Shorter columns have no limit of
        /// their own here.
        const LONGEST: usize = 512;
        let is_text = match value {
            Term::Literal(text) => text.len() <= LONGEST,
            Term::Column(..) => !grouped,
            Term::Output(_, inner) => !grouped && self.expect_plain_text(inner, false).is_ok(),
            Term::Call(name, args) => {
                let each = |arg: &Term<'a>| match arg {
                    Term::Output(_, inner) => self.expect_plain_text(inner, false).is_ok(),
                    Term::Case(..) => self.expect_plain_text(arg, false).is_ok(),
                    _ => false,
                };
                grouped && ["min", "max"].contains(&&**name) && args.iter().all(each)
            }
            Term::Case(cases, otherwise) => {
                let mut each = cases.iter().map(|(_, then)| then).chain(otherwise.as_deref());
                each.all(|text| matches!(text, Term::Literal(_)) && self.expect_plain_text(text, grouped).is_ok())
            }
            Term::Scalar(_) | Term::RowNumber { .. } | Term::Over { .. } => false,
        };
        if is_text { Ok(()) } else { Err(self.unshown("a free-text column of an exception that is not set to a text")) }
    }
}

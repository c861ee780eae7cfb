//! The free-text columns of the exceptions table. A template may write any text into them, but
//! nothing that could fail or change the rows.

use std::collections::BTreeSet;

use sqlparser::ast::Select as SelectTree;

use crate::cycle::plan::Slot;
use crate::project::naming::{EXCEPTION_COLUMNS, exception_types};
use crate::sql::SqlType;
use crate::verify::lower::{FreeText, Lowering, OpenSource, Opened, Result, RowForm};
use crate::verify::meaning::{All, Condition, Term};

/// The columns of an exceptions table with words for people.
const FREE_TEXT: [&str; 3] = ["notes", "resolved_by", "resolution_notes"];

impl<'a> Lowering<'a, '_> {
    /// The length in bytes of a column that holds text for people. `None` if the column has another
    /// purpose. The text is not compared.
    pub(super) fn free_text_length(&self, writes: Slot, column: &str) -> Option<usize> {
        let is_free = matches!(writes, Slot::Exceptions(_)) && FREE_TEXT.contains(&column);
        let types = EXCEPTION_COLUMNS.into_iter().zip(exception_types(self.names.spec.dialect));
        let length = types.into_iter().find_map(|(name, ty)| match ty {
            SqlType::Varchar(length) if name == column => usize::try_from(length).ok(),
            _ => None,
        });
        length.filter(|_| is_free)
    }

    /// Checks the outputs that go into free-text columns. The outputs of a UNION ALL that only they
    /// read are not compared either.
    pub(super) fn check_free_text(
        &mut self,
        select: &'a SelectTree,
        outputs: &[FreeText],
        opened: Opened,
        form: RowForm,
    ) -> Result<()> {
        let used: Vec<_> = self.queries[opened.query.0].sources.iter().map(OpenSource::used).collect();
        for &FreeText { output, length } in outputs {
            let value = self.term(self.output(&select.projection[output])?, opened.scope, 0)?;
            if form.distinct && !matches!(value, Term::Literal(_)) {
                return Err(self.unshown("a text that may differ between rows that DISTINCT must join"));
            }
            self.expect_plain_text(&value, form.grouped, length)?;
            self.expect_plain_parts(opened, &used, length)?;
        }
        for (source, before) in self.queries[opened.query.0].sources.iter_mut().zip(used) {
            if let OpenSource::Union(_, used) = source {
                *used = before;
            }
        }
        Ok(())
    }

    /// The same for the other parts of the UNION ALL that gave a text. `before` has the outputs of
    /// each source that are compared: they have their own claim.
    fn expect_plain_parts(&mut self, opened: Opened, before: &[BTreeSet<usize>], length: usize) -> Result<()> {
        let mut outputs = Vec::new();
        for (source, before) in self.queries[opened.query.0].sources.iter().zip(before) {
            if let OpenSource::Union(parts, used) = source {
                outputs.extend(used.difference(before).flat_map(|&index| parts.iter().map(move |&part| (part, index))));
            }
        }
        for (part, index) in outputs {
            let Some((scope, projection)) = self.queries[part.0].projection else { continue };
            let Some(item) = projection.get(index) else { continue };
            let value = self.term(self.output(item)?, scope, 0)?;
            self.expect_plain_text(&value, false, length)?;
        }
        Ok(())
    }

    /// Accepts texts that fit into a column of `length` bytes, and a CASE or a MIN that selects one
    /// of them. Another value could fail or have an effect.
    pub(super) fn expect_plain_text(&self, value: &Term<'a>, grouped: bool, length: usize) -> Result<()> {
        let is_text = match value {
            // The quotes are part of the literal.
            Term::Literal(text) if text.len() > length + 2 => {
                return Err(self.unshown(format!("a text that is longer than the {length} bytes of its column")));
            }
            Term::Literal(text) => text.starts_with('\''),
            Term::Output(_, inner) => !grouped && self.expect_plain_text(inner, false, length).is_ok(),
            Term::Call(name, args) => {
                let each = |arg: &Term<'a>| match arg {
                    Term::Output(_, inner) => self.expect_plain_text(inner, false, length).is_ok(),
                    Term::Case(..) => self.expect_plain_text(arg, false, length).is_ok(),
                    _ => false,
                };
                grouped && ["min", "max"].contains(&&**name) && args.iter().all(each)
            }
            Term::Case(cases, otherwise) => {
                let mut each = cases.iter().map(|(_, then)| then).chain(otherwise.as_deref());
                let when_is_safe = cases.iter().all(|(when, _)| self.cannot_fail(when));
                when_is_safe
                    && each.all(|text| {
                        matches!(text, Term::Literal(_)) && self.expect_plain_text(text, grouped, length).is_ok()
                    })
            }
            // Its text may be longer than the column.
            Term::Column(..) | Term::Scalar(_) | Term::RowNumber { .. } | Term::Over { .. } => false,
        };
        if is_text { Ok(()) } else { Err(self.unshown("a free-text column of an exception that is not set to a text")) }
    }

    /// Whether no engine can fail on the conditions: they test columns for NULL, or compare a
    /// column with a value of its type.
    fn cannot_fail(&self, when: &All<'a>) -> bool {
        let fits = |column: &Term<'a>, value: &Term<'a>| match (column, value) {
            (Term::Column(_, name), Term::Literal(text)) => self.names.fits(name, text),
            _ => false,
        };
        when.iter().all(|conjunct| match &conjunct.is {
            Condition::Compare(_, a, b) => fits(a, b) || fits(b, a),
            Condition::IsNull(term) | Condition::IsNotNull(term) => matches!(term, Term::Column(..)),
            Condition::Any(alternatives) => alternatives.iter().all(|all| self.cannot_fail(all)),
            Condition::Exists(_) | Condition::NotExists(_) => false,
        })
    }
}

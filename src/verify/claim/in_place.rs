//! Claims about a mart with one row per key, in which a newer version replaces the older one.

use crate::verify::claim::{Claims, Columns, is_null, one_of, role, row};
use crate::verify::meaning::{All, Comparison, Conjunct, Meaning, Role, Select, Source, compare};

impl<'a> Claims<'a, '_> {
    /// Row `a` of the mart prevents the insert of a new row of its key: it is not older, or the mart
    /// has one row per key.
    pub(super) fn blocks(&self, a: Columns<'_, 'a>, new: Columns<'_, 'a>) -> Vec<Conjunct<'a>> {
        match self.table.is_updated_in_place() {
            true => self.same(&self.table.unique_key, a, new),
            false => self.not_older(a, new),
        }
    }

    /// The updated row of the mart has the key of the other row, and is older or has no time.
    pub(super) fn is_replaced_by(&self, comparison: Comparison, other: Columns<'_, 'a>) -> Vec<Conjunct<'a>> {
        let ours = |column| self.column(row(0), column);
        let time = self.table.time.column;
        let causes = [vec![compare(comparison, ours(time), other(time)).into()], vec![is_null(ours(time))]];
        let older = role(Role::Version, one_of(causes));
        self.same(&self.table.unique_key, other, &ours).into_iter().chain(older).collect()
    }

    /// An UPDATE of the mart that takes the time and the payload of another row.
    pub(super) fn replaces(&self, source: Source<'a>, when: Vec<Conjunct<'a>>, other: Columns<'_, 'a>) -> Meaning<'a> {
        let columns = self.table.replaced();
        let mut set: Vec<_> = columns.map(|column| (self.name(column), other(column))).collect();
        set.sort();
        let from = vec![Source::Relation(self.mart()), source];
        Meaning::Update { set, rows: Select { from, when: All::new(when), ..Select::default() } }
    }
}

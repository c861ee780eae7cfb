//! Claims about a mart with one row per key, in which a newer version replaces the older one.

use crate::project::ColumnId;
use crate::verify::claim::{Claims, is_null, one_of, role, row};
use crate::verify::meaning::{
    All, Changes, Comparison, Conjunct, Depth, Meaning, Place, Role, Row, Select, Source, Term, compare,
};

impl<'a> Claims<'a, '_> {
    /// An INSERT that updates the row of the mart with the same key: that row takes the time and
    /// the payload. It must be older (or not newer) or have no time, and meet the other conditions.
    pub(super) fn upsert(&self, insert: Meaning<'a>, is: Comparison, mut when: Vec<Conjunct<'a>>) -> Meaning<'a> {
        let Meaning::Insert { columns, rows } = insert else { unreachable!("an upsert begins with an insert") };
        let ours = self.time(row(0));
        let older = compare(is, ours.clone(), self.excluded(self.table.time.column)).into();
        when.extend(role(Role::Version, one_of([vec![older], vec![is_null(ours)]])));
        let from = vec![Source::Relation(self.mart()), Source::Excluded];
        let mut set: Vec<_> = self.table.replaced().map(|column| (self.name(column), self.excluded(column))).collect();
        set.sort();
        let mut key: Vec<_> = self.table.unique_key.iter().map(|&column| self.name(column)).collect();
        key.sort();
        let update = Changes { set, rows: Select { from, when: All::new(when), ..Select::default() } };
        Meaning::Upsert { columns, rows, key, update }
    }

    /// A column of the row that could not be inserted.
    pub(super) fn excluded(&self, column: ColumnId) -> Term<'a> {
        self.column(Row { depth: Depth::OUTERMOST, place: Place(1) }, column)
    }
}

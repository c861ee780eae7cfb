//! The lists of erased keys, for the run-book that erases a key.

use minijinja::{Value, context};

use crate::cycle::plan::Slot;
use crate::cycle::render::context;
use crate::cycle::render::context::place;
use crate::features::repairs::ERASE;
use crate::features::runbooks::render::{Writer, word};
use crate::project::ExceptionsId;

impl Writer<'_, '_> {
    /// The template context of each list of erased keys, with its statements.
    pub(super) fn erasures(&mut self) -> Vec<Value> {
        let spec = self.spec;
        let lists = (0..spec.exceptions.len()).map(ExceptionsId).filter(|&id| spec.exceptions(id).erased.is_some());
        lists.map(|id| self.erasure(id)).collect()
    }

    fn erasure(&mut self, id: ExceptionsId) -> Value {
        let spec = self.spec;
        let mut models: Vec<&str> = Vec::new();
        let (mut held, mut places, mut raw) = (Vec::new(), Vec::new(), Vec::new());
        for (number, table) in spec.tables() {
            if table.exceptions == id {
                held.push(self.statement("runbooks/sql/held.sql.j2", context::every_period(spec, number)));
            }
            for &erasure in table.erasures.iter().filter(|erasure| erasure.list == id) {
                let list = context::erasure(spec, table, erasure);
                let shared = context! {
                    list => list,
                    staged => word(table.model.value.sql(spec.dialect)),
                    source => place(Slot::Raw(number)),
                    ..context::every_period(spec, number)
                };
                places.push(self.statement("runbooks/sql/erased_places.sql.j2", shared.clone()));
                let is_trimmed = spec.raw_tables.iter().any(|trimmed| trimmed.read_by.contains(&number));
                if table.raw.is_some() && !is_trimmed {
                    raw.push(self.statement("runbooks/sql/erased_raw.sql.j2", shared));
                }
                models.push(table.model.value.as_str());
            }
        }
        models.dedup();
        let unlist = self.statement("runbooks/sql/unlist.sql.j2", context! { list => context::erased(spec, id) });
        context! {
            name => word(format!("{ERASE}__{}", spec.exceptions_name(id))),
            column => word(spec.exceptions(id).key.name.as_str()),
            models => word(models.join(", ")),
            held => held,
            places => places,
            raw => raw,
            unlist => unlist,
        }
    }
}

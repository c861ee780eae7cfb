//! The schemas, and the relations that other programs create: a first installation needs them.

use minijinja::{Value, context};

use crate::cycle::plan::{Plan, Slot};
use crate::cycle::render::context::place;
use crate::cycle::render::value::Sql;
use crate::dialect::Dialect;
use crate::features::monitors::Asks;
use crate::features::runbooks::render::{Writer, word};
use crate::project::Column;
use crate::sql::Relation;

/// A relation that another program creates.
struct Other<'a> {
    relation: Relation,
    slot: Slot,
    /// The columns that statements of this project read.
    columns: Vec<&'a Column>,
}

impl Writer<'_, '_> {
    /// Statements that create the schemas, the raw tables, and the relations that monitors compare
    /// with.
    pub(super) fn others(&mut self, plan: &Plan) -> Vec<Value> {
        let spec = self.spec;
        let mut all: Vec<Other<'_>> = Vec::new();
        for (id, table) in spec.tables() {
            let Some(raw) = &table.raw else { continue };
            let number = all.iter().position(|other| other.relation.folded(spec.dialect) == raw.folded(spec.dialect));
            let number = number.unwrap_or_else(|| {
                all.push(Other { relation: raw.clone(), slot: Slot::Raw(id), columns: Vec::new() });
                all.len() - 1
            });
            let raw_table = spec
                .raw_tables
                .iter()
                .filter(|raw_table| raw_table.read_by.contains(&id))
                .map(|raw_table| &raw_table.column);
            for column in table.columns.iter().chain(&table.raw_columns).chain(raw_table) {
                add(&mut all[number].columns, column, spec.dialect);
            }
        }
        for id in spec.monitor_ids().filter(|_| !spec.dialect.rules().has_external_schemas()) {
            let monitor = spec.monitor(id);
            if let Asks::Compare { with, .. } = &monitor.asks {
                let columns = spec.table(monitor.table).columns.iter().collect();
                all.push(Other { relation: with.clone(), slot: Slot::Compared(id), columns });
            }
        }
        let own = plan.definitions.iter().map(|definition| definition.creates.relation(spec));
        let mut schemas: Vec<String> = Vec::new();
        for relation in own.chain(all.iter().map(|other| other.relation.clone())) {
            // A relation may be in another project than the default one of the client.
            let project = relation.database.as_ref().filter(|_| spec.dialect.rules().creates_schemas_in_databases());
            let parts: Vec<_> =
                project.into_iter().chain([&relation.schema]).map(|part| part.sql(spec.dialect)).collect();
            let schema = parts.join(".");
            if !schemas.contains(&schema) {
                schemas.push(schema);
            }
        }
        let mut statements: Vec<_> = schemas
            .into_iter()
            .map(|schema| self.statement("runbooks/sql/schema.sql.j2", context! { schema => word(schema) }))
            .collect();
        for Other { slot, columns, .. } in all {
            let columns: Vec<_> = columns
                .into_iter()
                .map(|column| {
                    Value::from(Sql::Column { name: column.name.sql(spec.dialect), ty: column.ty, not_null: false })
                })
                .collect();
            statements.push(
                self.statement(
                    "runbooks/sql/raw_table.sql.j2",
                    context! { raw_table => place(slot), arrival => columns },
                ),
            );
        }
        statements
    }
}

fn add<'a>(columns: &mut Vec<&'a Column>, column: &'a Column, dialect: Dialect) {
    if !columns.iter().any(|other| other.name.folded(dialect) == column.name.folded(dialect)) {
        columns.push(column);
    }
}

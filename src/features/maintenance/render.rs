//! Renders maintenance.

use minijinja::{Value, context};

use crate::cycle::render::context::{number, place, text};
use crate::cycle::render::value::Sql;
use crate::cycle::render::{Owner, Statement};
use crate::features::maintenance::MaintenancePlan;
use crate::features::operation::Operation;
use crate::features::writer::Writer;

/// The statements of one maintenance.
#[derive(Debug)]
pub(crate) struct RenderedMaintenance<'p> {
    pub(crate) plan: &'p MaintenancePlan,
    pub(crate) run: Statement<'p, Operation>,
    pub(crate) condition: Option<Statement<'p, Operation>>,
}

pub(crate) fn render<'p>(writer: &mut Writer<'_>, maintenance: &'p MaintenancePlan) -> RenderedMaintenance<'p> {
    let spec = writer.spec;
    let words = spec.dialect.rules().maintenance(maintenance.run);
    let words = words.unwrap_or_else(|| unreachable!("a plan has only maintenance that the engine has"));
    let table = place(maintenance.statement.writes);
    let context = context! { run => Value::from(Sql::Literal(words.to_owned())), table => table };
    let run = writer.statement(Owner::Operation, &maintenance.statement, context);
    let condition = maintenance.condition.as_ref().map(|condition| {
        let relation = condition.writes.relation(spec);
        let unsorted = spec
            .maintenance
            .iter()
            .find(|stated| stated.run == maintenance.run && stated.tables.contains(&maintenance.table));
        let catalogue = context! {
            schema => text(&relation.schema.folded(spec.dialect)),
            table => text(&relation.name().folded(spec.dialect)),
            unsorted => number(unsorted.and_then(|stated| stated.unsorted_more_than).unwrap_or_default().into()),
        };
        writer.statement(Owner::Operation, condition, context! { catalogue => catalogue })
    });
    RenderedMaintenance { plan: maintenance, run, condition }
}

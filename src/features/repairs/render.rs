//! Renders repairs.

use minijinja::{Value, context};

use crate::cycle::plan::Slot;
use crate::cycle::render::context::{self, place};
use crate::cycle::render::{Owner, Statement};
use crate::features::operation::Operation;
use crate::features::repairs::Repair;
use crate::features::writer::Writer;

pub(crate) fn render<'p>(writer: &mut Writer<'_>, repair: &'p Repair) -> Vec<Statement<'p, Operation>> {
    let mut statements = Vec::with_capacity(repair.statements.len());
    for operation in &repair.statements {
        let shared = match (operation.table, operation.writes) {
            (Some(id), _) => writer.table(id),
            (None, Slot::Exceptions(id) | Slot::Erased(id)) => writer.exceptions(id),
            (None, _) => Value::UNDEFINED,
        };
        let shared = match (operation.table, operation.erasure) {
            (Some(id), Some(erasure)) => {
                // Rows that are found by another key than that of their own exceptions also obey
                // the holds of their own key.
                let table = writer.spec.table(id);
                let own_holds = (table.exceptions, table.exception_key) != (erasure.list, erasure.column);
                let list = context::erasure(writer.spec, writer.spec.table(id), erasure);
                context! { list => list, target => place(operation.writes), of_period => operation.period.is_some(), own_holds => own_holds, ..shared }
            }
            _ => shared,
        };
        let context = match (operation.table, operation.period) {
            (Some(id), Some(period)) => context::of_period(writer.spec, id, period, &shared),
            _ => shared,
        };
        statements.push(writer.statement(Owner::Operation, operation, context));
    }
    statements
}

//! Renders the trims of raw tables.

use minijinja::{Value, context};

use crate::cycle::plan::Slot;
use crate::cycle::render::context::{self, place};
use crate::cycle::render::value::Sql;
use crate::cycle::render::{Owner, Statement};
use crate::features::operation::Operation;
use crate::features::raw_trims::RawTrim;
use crate::features::writer::Writer;
use crate::project::Column;

pub(crate) fn render<'p>(writer: &mut Writer<'_>, trim: &'p RawTrim) -> Statement<'p, Operation> {
    let raw_table = &writer.spec.raw_tables[trim.raw_table];
    let Column { name, ty, not_null, .. } = &raw_table.column;
    let arrival = Sql::Column { name: name.sql(writer.spec.dialect), ty: *ty, not_null: *not_null };
    let unit = raw_table.unit.as_str();
    let context = context! {
        source => place(trim.trim.writes),
        readers => trim.readers.iter().map(|&id| place(Slot::Cycles(id))).collect::<Vec<_>>(),
        arrival => Value::from(arrival),
        keep => Value::from(Sql::Literal(writer.spec.dialect.rules().duration(raw_table.keep, raw_table.unit))),
        unit => unit,
        slices => trim.slices.iter().map(|&id| context::every_period(writer.spec, id)).collect::<Vec<_>>(),
    };
    writer.statement(Owner::Operation, &trim.trim, context)
}

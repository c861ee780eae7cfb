//! Prints the plan: the steps in order, each with its reason. No SQL is rendered.
//!
//!     cargo run --example print_plan

use rowkeep::{Inputs, Style};

const PROJECT: &str = "
name: shop
dialect: postgres
schema: analytics
periods: [2025_h2, 2026_h1]
exceptions: shop_exceptions
tables:
  - model: mart_orders
    history: hist_orders
    unique_key: order_id
    time: { column: updated_at }
    rows: latest
    retention: { for: 180 days }
    exception: ORDERS_GAP
    columns: { order_id: bigint not null, updated_at: timestamptz }
  - model: mart_lines
    history: hist_lines
    unique_key: [order_id, line_no]
    time: { column: added_at }
    rows: latest
    retention: { while_in: { model: mart_orders, on: { order_id: order_id } } }
    exception: LINES_GAP
    columns: { order_id: bigint not null, line_no: integer not null, added_at: timestamptz }
";

fn main() {
    let inputs = Inputs::new("rowkeep.yml", PROJECT);
    let spec = match rowkeep::resolve(&inputs) {
        Ok(spec) => spec,
        Err(wrong) => return eprint!("{}", wrong.render(&inputs, Style::Coloured)),
    };
    for table in rowkeep::cycle::plan::plan(&spec).tables {
        println!("{}", spec.table(table.table).model.value.as_str());
        for step in table.load.iter().chain(&table.hooks) {
            println!("  {:<28} {:<12} {}", step.stem(&spec), step.kind.verb().to_string(), step.kind.reason());
        }
    }
}

//! Compiles a project that exists in memory only, and prints one of its statements.
//!
//!     cargo run --example compile_in_memory

use rowkeep::{Inputs, Style};

const PROJECT: &str = "
name: shop
dialect: duckdb
schema: analytics
periods: [2025_h2, 2026_h1]
exceptions: shop_exceptions
tables:
  - model: mart_orders
    history: hist_orders
    unique_key: order_id
    time: { column: updated_at, unit: epoch_seconds }
    rows: latest
    retention: { for: 180 days }
    exception: ORDERS_GAP
    columns: { order_id: bigint not null, state: text, updated_at: bigint }
";

fn main() {
    let inputs = Inputs::new("rowkeep.yml", PROJECT);
    match rowkeep::compile(&inputs) {
        Ok(artifacts) => {
            println!("{} files, among them:\n", artifacts.files().len());
            println!("{}", artifacts.get("compiled/mart_orders/09_trim.sql").unwrap_or_default());
        }
        Err(wrong) => eprint!("{}", wrong.render(&inputs, Style::Coloured)),
    }
}

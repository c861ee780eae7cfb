//! t
use rowkeep::rehearse::*;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let dir = &args[1];
    let engine = &args[2];
    let (a, b): (u64, u64) = (args[3].parse().unwrap(), args[4].parse().unwrap());
    let cycles = args[5].parse().unwrap();
    let mut inputs =
        rowkeep::Inputs::new("rowkeep.yml", std::fs::read_to_string(format!("{dir}/rowkeep.yml")).unwrap());
    if dir.contains("order_tracking") {
        inputs = inputs.with_periods("periods.yml", std::fs::read_to_string("periods.yml").unwrap());
        for t in ["ecs", "uti", "uts"] {
            inputs = inputs.with_table(t, std::fs::read_to_string(format!("{dir}/tables/{t}.yml")).unwrap());
        }
    }
    let mut engine: Box<dyn Engine> = if engine == "duckdb" {
        Box::new(DuckDb::open().unwrap())
    } else {
        Box::new(Postgres::connect(&std::env::var("ROWKEEP_POSTGRES").unwrap(), "t").unwrap())
    };
    let project = match Project::new(&inputs, engine.dialect()) {
        Ok(p) => p,
        Err(e) => {
            println!("{}", e.render(&inputs, rowkeep::Style::Plain));
            return;
        }
    };
    for seed in a..b {
        let t = std::time::Instant::now();
        match trial(&project, &mut *engine, seed, cycles) {
            Ok(s) => println!(
                "seed {seed} {:?}: {}",
                t.elapsed(),
                if std::env::var("V").is_ok() || s.contains("Found") {
                    s
                } else {
                    s.lines().next().unwrap().to_owned()
                }
            ),
            Err(e) => println!("seed {seed} ERR {e}"),
        }
    }
}

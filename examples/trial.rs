//! t
use rowkeep::rehearse::*;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let dir = &args[1];
    let kind = &args[2];
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
    let dialect = if kind == "duckdb" { rowkeep::Dialect::DuckDb } else { rowkeep::Dialect::Postgres };
    let pid = std::process::id();
    let open = |w: usize| -> Result<Box<dyn Engine>, rowkeep::Error> {
        Ok(if kind == "duckdb" {
            Box::new(DuckDb::open()?)
        } else {
            Box::new(Postgres::connect(&std::env::var("ROWKEEP_POSTGRES").unwrap(), &format!("{pid}_{w}"))?)
        })
    };
    let project = match Project::new(&inputs, dialect) {
        Ok(p) => p,
        Err(e) => {
            println!("{}", e.render(&inputs, rowkeep::Style::Plain));
            return;
        }
    };
    let t = std::time::Instant::now();
    let workers = std::env::var("W").map_or(2, |w| w.parse().unwrap());
    let skip = std::env::var("SKIP").unwrap_or_default();
    let cut = std::env::var("CUT").unwrap_or_default();
    let alter = |program: &mut Program| {
        for t in &mut program.tables {
            if !skip.is_empty() {
                for l in [&mut t.load, &mut t.hooks, &mut t.sweep] {
                    l.retain(|s| !s.name.contains(&skip));
                }
            }
            if let Some((name, text)) = cut.split_once('|') {
                for l in [&mut t.load, &mut t.hooks, &mut t.sweep] {
                    for s in l {
                        if s.name.contains(name) {
                            s.sql = s.sql.replace(text, "");
                        }
                    }
                }
            }
        }
    };
    let options = Options { seeds: a..b, cycles, workers, alter: &alter, ..Options::default() };
    let report = match rehearse(&project, &options, &open, &|_| {}) {
        Ok(r) => r,
        Err(e) => {
            println!("ERR {e}");
            return;
        }
    };
    println!("{dir} {kind}: {:?} {:?}", t.elapsed(), report.done);
    for l in &report.ledger {
        println!("  {l:?}");
    }
    for v in &report.laws {
        if !v.broken_by.is_empty() {
            println!("{} {} broken by {:?}", v.law, v.title, v.broken_by);
            let Some(c) = &v.counterexample else { continue };
            println!("  {} {}: {}", c.model, c.row, c.what);
            for e in &c.events {
                println!("  {:20} {:8} {}", e.at, e.kind, e.text);
                for m in &e.moves {
                    println!(
                        "      {}  {:?} -> {:?} {}",
                        m.statement,
                        m.before,
                        m.after,
                        if m.is_last { "<==" } else { "" }
                    );
                }
            }
        }
    }
}

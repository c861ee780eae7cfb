//! One story in every unit of time, and in mixed units along a chain of parents. It must always end
//! with the same rows.

use rowkeep::artifacts::manifest::Manifest;
use rowkeep::{Dialect, Inputs, Style, resolve};

use crate::engine::{ENGINES, Engine, cycle, run_at, sweep};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Unit {
    Seconds,
    Millis,
    Timestamp,
    Timestamptz,
    Date,
}

const UNITS: [Unit; 5] = [Unit::Seconds, Unit::Millis, Unit::Timestamp, Unit::Timestamptz, Unit::Date];
/// 2025-07-01, in days since 1970: day 0 of the story.
const START: i64 = 20_270;

impl Unit {
    fn ty(self) -> &'static str {
        match self {
            Unit::Seconds | Unit::Millis => "bigint",
            Unit::Timestamp => "timestamp",
            Unit::Timestamptz => "timestamptz",
            Unit::Date => "date",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Unit::Seconds => "epoch_seconds",
            Unit::Millis => "epoch_millis",
            Unit::Timestamp | Unit::Timestamptz => "timestamp",
            Unit::Date => "date",
        }
    }

    /// A day of the story as a literal.
    fn literal(self, day: i64) -> String {
        let days = START + day;
        match self {
            Unit::Seconds => (days * 86_400).to_string(),
            Unit::Millis => (days * 86_400_000).to_string(),
            Unit::Timestamp => format!("TIMESTAMP '1970-01-01 00:00:00' + INTERVAL '{days} days'"),
            Unit::Timestamptz => format!("TIMESTAMPTZ '1970-01-01 00:00:00+00' + INTERVAL '{} hours'", days * 24),
            Unit::Date => format!("DATE '1970-01-01' + {days}"),
        }
    }

    /// A column of this unit as a day of the story.
    fn day(self, column: &str) -> String {
        let seconds = match self {
            Unit::Seconds => column.to_owned(),
            Unit::Millis => format!("{column} / 1000"),
            Unit::Timestamp | Unit::Timestamptz | Unit::Date => format!("EXTRACT(EPOCH FROM {column})"),
        };
        format!("COALESCE(CAST(CAST(FLOOR(({seconds}) / 86400) AS BIGINT) - {START} AS VARCHAR), 'NULL')")
    }
}

/// A table of the story: the columns of its key, and the unit of its time column `t`.
struct Table {
    name: &'static str,
    key: &'static [&'static str],
    unit: Unit,
}

fn tables([orders, parcels, notes]: [Unit; 3]) -> [Table; 5] {
    [
        Table { name: "orders", key: &["order_id"], unit: orders },
        Table { name: "parcels", key: &["order_id", "parcel"], unit: parcels },
        Table { name: "notes", key: &["order_id", "parcel", "note_no"], unit: notes },
        Table { name: "events", key: &["order_id", "t"], unit: orders },
        Table { name: "marks", key: &["order_id", "mark_no"], unit: parcels },
    ]
}

fn project(tables: &[Table], dialect: Dialect, periods: &str) -> Inputs {
    let mut text = format!(
        "name: story\ndialect: {dialect}\nschema: ods\nperiods: [{periods}]\nsealed_before: 2025-10-01\nexceptions: {{ table: gaps, key: order_id }}\ntables:\n"
    );
    for table in tables {
        let (retention, rows) = match table.name {
            "parcels" => ("while_in: orders", "latest"),
            "notes" => ("while_in: { model: parcels, on: { order_id: order_id, parcel: parcel } }", "latest"),
            "orders" => ("for: 100 days", "latest"),
            _ => ("for: 100 days", "events"),
        };
        let keys: String =
            table.key.iter().filter(|key| **key != "t").map(|key| format!("{key}: varchar(9), ")).collect();
        let order = if table.key.contains(&"t") { "no desc" } else { "t desc, no desc" };
        text.push_str(&format!(
            "  - model: {0}\n    history: hist_{0}\n    unique_key: [{1}]\n    time: {{ column: t, unit: {2} }}\n    rows: {rows}\n    retention: {{ {retention} }}\n    exception: GAP_{0}\n    columns: {{ {keys}t: {3}, p: text }}\n    source: raw.{0}\n    source_columns: {{ no: bigint }}\n    incremental: {{ order_by: [{order}] }}\n",
            table.name,
            table.key.join(", "),
            table.unit.word(),
            table.unit.ty(),
        ));
    }
    Inputs::new("rowkeep.yml", text)
}

struct Story {
    engine: Engine,
    dialect: Dialect,
    tables: [Table; 5],
    manifest: Manifest,
    number: i64,
}

impl Story {
    fn begin(dialect: Dialect, units: [Unit; 3], name: &str) -> Self {
        let tables = tables(units);
        let inputs = project(&tables, dialect, "2025_q3, 2025_q4, 2026_q1");
        let manifest = rowkeep::compile(&inputs)
            .unwrap_or_else(|wrong| panic!("{}", wrong.render(&inputs, Style::Plain)))
            .manifest()
            .clone();
        let mut engine = Engine::open(dialect, name);
        engine.create(&resolve(&inputs).expect("it resolves"), &manifest, dialect);
        Self { engine, dialect, tables, manifest, number: 0 }
    }

    /// Inserts a row into a raw table: its key, its day, and a payload.
    fn deliver(&mut self, table: &str, key: &[&str], day: Option<i64>, payload: &str) {
        self.number += 1;
        let table = self.tables.iter().find(|candidate| candidate.name == table).expect("a table of the story");
        let mut columns: Vec<_> = table.key.iter().filter(|key| **key != "t").map(|key| (*key).to_owned()).collect();
        let mut values: Vec<_> =
            key.iter().map(|part| if *part == "NULL" { "NULL".to_owned() } else { format!("'{part}'") }).collect();
        columns.extend(["t".to_owned(), "p".to_owned(), "no".to_owned()]);
        values.extend([
            day.map_or_else(|| "NULL".to_owned(), |day| table.unit.literal(day)),
            format!("'{payload}'"),
            self.number.to_string(),
        ]);
        self.engine.run(&format!(
            "INSERT INTO raw.{} ({}) VALUES ({})",
            table.name,
            columns.join(", "),
            values.join(", ")
        ));
    }

    fn cycle(&mut self, day: i64) {
        for _ in 0..2 {
            run_at(&mut self.engine, &cycle(&self.manifest), self.dialect, (START + day) * 86_400);
        }
        for table in &self.tables {
            self.engine.run(&format!("DELETE FROM raw.{}", table.name));
        }
    }

    /// The table of every row: `orders 1 @ 5 x: hist_orders_2025_q3`.
    fn state(&mut self) -> String {
        let mut lines = Vec::new();
        for definition in self.manifest.ddl.iter().filter(|definition| matches!(definition.kind, "mart" | "history")) {
            let place = definition.name.as_str();
            let table = self
                .tables
                .iter()
                .find(|table| place == table.name || place.starts_with(&format!("hist_{}_", table.name)));
            let table = table.expect("a table of the story");
            let key: Vec<_> =
                table.key.iter().filter(|key| **key != "t").map(|key| format!("COALESCE({key}, 'NULL')")).collect();
            let written = format!(
                "{} || ' @ ' || {} || ' ' || COALESCE(p, 'NULL')",
                key.join(" || '/' || "),
                table.unit.day("t")
            );
            let rows = self.engine.texts(&format!("SELECT {written} FROM {}", definition.relation));
            lines.extend(
                rows.iter()
                    .map(|row| format!("{} {row}: {}", table.name, place.strip_prefix("hist_").unwrap_or("mart"))),
            );
        }
        let gaps = "SELECT COALESCE(order_id, 'NULL') || ' ' || exception_type || ' ' || CASE WHEN resolved_at IS NULL THEN 'open' ELSE 'resolved' END || ': ' || notes FROM ods.gaps";
        lines.extend(self.engine.texts(gaps).iter().map(|gap| format!("~ {gap}")));
        lines.sort();
        lines.join("\n")
    }
}

/// Runs the story. Day 0 is 2025-07-01. 2025_q3 ends on day 92, 2025_q4 on day 184, and 2026_q1 on
/// day 274. Rows stay for 100 days, and 2025_q3 is sealed.
fn run_story(dialect: Dialect, units: [Unit; 3], name: &str) -> [String; 3] {
    let mut story = Story::begin(dialect, units, name);
    story.deliver("orders", &["a"], Some(5), "v1"); // in the sealed period
    story.deliver("orders", &["b"], Some(92), "v1"); // exactly at the bound
    story.deliver("orders", &["c"], Some(100), "v1");
    story.deliver("orders", &["NULL"], Some(100), "no key");
    story.deliver("orders", &["d"], None, "no time");
    for order in ["a", "b", "c"] {
        story.deliver("parcels", &[order, "p1"], Some(93), "box");
        story.deliver("notes", &[order, "p1", "1"], Some(94), "hello");
        story.deliver("notes", &[order, "p1", "2"], Some(110), "again");
        story.deliver("events", &[order], Some(95), "e");
        story.deliver("marks", &[order, "m"], Some(96), "m1");
    }
    story.deliver("parcels", &["z", "p1"], Some(190), "before its parent");
    story.cycle(110);
    // Time passes: the newest order is of day 200, so the cutoff is day 100. Order c is exactly at
    // the cutoff.
    story.deliver("orders", &["e"], Some(200), "v1");
    story.deliver("events", &["e"], Some(200), "e");
    story.deliver("marks", &["e", "m"], Some(200), "m1");
    story.deliver("events", &["b"], Some(95), "corrected");
    story.deliver("marks", &["b", "m"], Some(196), "moved"); // a corrected time, into another period
    story.cycle(200);
    let first = story.state();
    // Order b is reactivated: its parcel and the notes of the parcel are restored.
    story.deliver("orders", &["b"], Some(201), "v2");
    story.deliver("orders", &["b"], Some(150), "late, older");
    story.deliver("orders", &["d"], Some(202), "complete");
    story.cycle(203);
    let second = story.state();
    // The sweep archives the rows of the sealed period. Order b becomes due again.
    story.deliver("orders", &["f"], Some(310), "v1");
    story.cycle(310);
    run_at(&mut story.engine, &sweep(&story.manifest), dialect, (START + 310) * 86_400);
    [first, second, story.state()]
}

#[test]
fn every_unit_gives_the_same_story() {
    let mixed = (0..UNITS.len()).map(|i| [UNITS[i], UNITS[(i + 2) % 5], UNITS[(i + 4) % 5]]);
    let cases: Vec<_> = UNITS.iter().map(|&unit| [unit; 3]).chain(mixed).collect();
    let mut first_story: Option<[String; 3]> = None;
    for dialect in ENGINES {
        for units in &cases {
            let story = run_story(dialect, *units, "units");
            let expected = first_story.get_or_insert_with(|| story.clone());
            assert_eq!(&story, expected, "{dialect}, {units:?}");
        }
    }
    let [first, second, last] = first_story.expect("a story");
    insta::assert_snapshot!("units_day_200", first);
    insta::assert_snapshot!("units_day_203", second);
    insta::assert_snapshot!("units_day_310", last);
}

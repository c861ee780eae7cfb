//! Tables whose rows tell statements apart: rows with and without a copy, held keys, times at each
//! bound, NULLs.

use std::collections::BTreeSet;

use rowkeep::artifacts::manifest::Manifest;
use rowkeep::{Dialect, Spec};
use sqlparser::ast::{ColumnDef, ColumnOption, CreateTable, Expr, Statement, Value, Visit, Visitor};
use sqlparser::parser::Parser;

use super::rewrite::Random;
use crate::engine::Engine;

/// A table with its columns.
pub struct Table {
    pub name: String,
    columns: Vec<Column>,
}

struct Column {
    name: String,
    ty: String,
    not_null: bool,
}

/// Columns of raw tables that the spec does not declare. Statements must not confuse them with
/// their aliases.
const UNDECLARED: [&str; 5] = ["m", "h", "src", "copied", "fresh1"];

impl Table {
    fn of(create: &CreateTable) -> Self {
        let column = |column: &ColumnDef| Column {
            name: column.name.to_string(),
            ty: column.data_type.to_string().to_uppercase(),
            not_null: column.options.iter().any(|option| option.option == ColumnOption::NotNull),
        };
        Self { name: create.name.to_string(), columns: create.columns.iter().map(column).collect() }
    }

    pub fn column_names(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.name.clone()).collect()
    }

    /// A query for all rows as texts. Texts for people are left out: they may differ.
    pub fn rows(&self) -> String {
        let free = ["notes", "resolved_by", "resolution_notes"];
        let compared = self.columns.iter().filter(|column| !free.contains(&column.name.as_str()));
        let texts = compared.map(|column| format!("COALESCE(CAST({} AS VARCHAR), '∅')", column.name));
        format!("SELECT {} FROM {} ORDER BY 1", texts.collect::<Vec<_>>().join(" || '|' || "), self.name)
    }
}

/// The tables that the statements use. The raw tables get columns that the spec does not declare.
pub fn tables(
    spec: &Spec,
    manifest: &Manifest,
    dialect: Dialect,
    grammar: &dyn sqlparser::dialect::Dialect,
) -> Vec<Table> {
    let mut tables = Vec::new();
    for definition in manifest.ddl.iter().filter(|one| !["index", "view"].contains(&one.kind)) {
        let tree = Parser::parse_sql(grammar, &definition.sql).expect("a definition").remove(0);
        if let Statement::CreateTable(create) = tree {
            tables.push(Table::of(&create));
        }
    }
    let mut raw = BTreeSet::new();
    for (_, table) in spec.tables() {
        let Some(source) = table.raw.as_ref().map(|source| source.sql(dialect)) else { continue };
        if !raw.insert(source.clone()) {
            continue;
        }
        let declared = table.columns.iter().chain(&table.raw_columns);
        let mut columns: Vec<_> = declared
            .map(|column| Column {
                name: column.name.sql(dialect),
                ty: column.ty.sql(dialect).to_uppercase(),
                not_null: false,
            })
            .collect();
        let free = UNDECLARED.into_iter().filter(|name| columns.iter().all(|column| column.name != *name));
        let free: Vec<_> =
            free.map(|name| Column { name: name.to_owned(), ty: "BIGINT".to_owned(), not_null: false }).collect();
        columns.extend(free);
        tables.push(Table { name: source, columns });
    }
    tables
}

/// Creates the tables.
pub fn create(engine: &mut Engine, tables: &[Table]) {
    for table in tables {
        let schema = table.name.rsplit('.').nth(1).expect("a schema");
        engine.run(&format!("CREATE SCHEMA IF NOT EXISTS {schema}"));
        let columns = table.columns.iter().map(|column| {
            let not_null = if column.not_null { " NOT NULL" } else { "" };
            format!("{} {}{not_null}", column.name, column.ty)
        });
        engine.run(&format!("CREATE TABLE {} ({})", table.name, columns.collect::<Vec<_>>().join(", ")));
    }
}

/// The literals of all statements: bounds of periods, types of exceptions, places.
pub struct Literals {
    numbers: Vec<i64>,
    instants: Vec<String>,
    texts: Vec<String>,
}

impl Literals {
    pub fn of(statements: &[Statement]) -> Self {
        let mut found = Self { numbers: Vec::new(), instants: Vec::new(), texts: Vec::new() };
        for statement in statements {
            let _ = statement.visit(&mut found);
        }
        found.numbers.sort_unstable();
        found.numbers.dedup();
        for all in [&mut found.instants, &mut found.texts] {
            all.sort();
            all.dedup();
        }
        found
    }
}

impl Visitor for Literals {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> std::ops::ControlFlow<()> {
        match expr {
            Expr::TypedString(typed) => self.instants.push(typed.value.to_string()),
            Expr::Value(value) => match &value.value {
                Value::Number(number, _) => self.numbers.extend(number.parse::<i64>().ok().filter(|it| *it > 100_000)),
                Value::SingleQuotedString(text) if text.len() < 40 => self.texts.push(text.clone()),
                _ => {}
            },
            _ => {}
        }
        std::ops::ControlFlow::Continue(())
    }
}

/// Fills every table with random rows. Rows of different tables share keys and times.
pub fn fill(engine: &mut Engine, tables: &[Table], literals: &Literals, random: &mut Random) {
    let prototypes = [(); 8].map(|()| random.below(1_000));
    let mut serial = 0;
    for table in tables {
        engine.run(&format!("DELETE FROM {}", table.name));
        let is_cutoff = table.name.ends_with("__cutoff");
        let count = if is_cutoff { 1 } else { [4, 12, 24][random.below(3)] };
        let mut rows = Vec::new();
        for _ in 0..count {
            let prototype = *random.of(&prototypes).expect("a prototype");
            let mut own = Random(1 + random.below(usize::MAX / 2) as u64);
            let is_shared = !random.one_in(3);
            let values = table.columns.iter().map(|column| {
                serial += 1;
                // Mostly the value that other tables have in this row.
                let shared = &mut Random(1 + (prototype * 7_919 + column.name.len() * 104_729) as u64);
                let source = if is_shared || !own.one_in(3) { shared } else { &mut own };
                value(column, literals, source, serial)
            });
            rows.push(format!("({})", values.collect::<Vec<_>>().join(", ")));
        }
        engine.run(&format!("INSERT INTO {} VALUES {}", table.name, rows.join(", ")));
    }
}

fn value(column: &Column, literals: &Literals, random: &mut Random, serial: usize) -> String {
    random.below(7);
    if column.name == "cutoff" && !random.one_in(4) {
        // Most rows are due.
        return match (literals.numbers.last(), literals.instants.last()) {
            (Some(number), _) if column.ty.starts_with("BIGINT") => (number + 1_000_000).to_string(),
            (_, Some(instant)) => format!("CAST(CAST({instant} AS TIMESTAMP) + INTERVAL '20 days' AS {})", column.ty),
            _ => "NULL".to_owned(),
        };
    }
    let may_be_null = !column.not_null && !["cutoff", "rowkeep_place"].contains(&column.name.as_str());
    let is_open = column.name == "resolved_at" && random.one_in(2);
    if is_open || (may_be_null && column.name != "exception_type" && random.one_in(9)) {
        return "NULL".to_owned();
    }
    let is_type = |names: &[&str]| names.iter().any(|name| column.ty.starts_with(name));
    // The load orders raw rows by such a column. Equal values would make its result random.
    let is_order = ["landed", "loaded", "version", "_no"].iter().any(|part| column.name.contains(part));
    if is_type(&["TIMESTAMP", "DATE"]) {
        let instant = random.of(&literals.instants).map_or("'2025-07-01 00:00:00'", String::as_str);
        let shift = ["", " - INTERVAL '1 second'", " + INTERVAL '1 second'", " + INTERVAL '40 days'"];
        let shift = random.of(&shift).expect("a shift");
        return format!("CAST(CAST({instant} AS TIMESTAMP){shift} AS {})", column.ty);
    }
    if is_type(&["BIGINT", "INT", "SMALLINT"]) {
        let is_time = column.name.ends_with("_at") || column.name.contains("time") || column.name == "cutoff";
        return match random.of(&literals.numbers) {
            _ if is_order => serial.to_string(),
            Some(number) if is_time => (number + [-1, 0, 1, 3_456_000][random.below(4)]).to_string(),
            _ => (1 + random.below(9)).to_string(),
        };
    }
    if is_type(&["NUMERIC", "DECIMAL", "DOUBLE", "REAL", "FLOAT"]) {
        return (1 + random.below(3)).to_string();
    }
    if is_type(&["BOOL"]) {
        return ["TRUE", "FALSE"][random.below(2)].to_owned();
    }
    if is_type(&["JSON"]) {
        return "NULL".to_owned();
    }
    let stated: Vec<_> = literals
        .texts
        .iter()
        .filter(|text| match column.name.as_str() {
            "exception_type" => text.chars().all(|c| c.is_ascii_uppercase() || c == '_'),
            "rowkeep_place" => text.starts_with("mart") || text.starts_with("history"),
            _ => false,
        })
        .collect();
    let text = match random.of(&stated) {
        Some(text) if !random.one_in(4) => text.as_str(),
        _ => ["a", "b", "A", "a ", "c", "d"][random.below(6)],
    };
    format!("'{text}'")
}

//! The goldens and the examples, as inputs.
#![allow(dead_code, reason = "each test target uses a part")]

use std::path::{Path, PathBuf};

use rowkeep::{Dialect, Inputs};

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The relative path of every file below a folder, in order.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).into_iter().flatten() {
            let path = entry.expect("an entry").path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    let mut found: Vec<_> =
        found.iter().map(|path| path.strip_prefix(folder).expect("below the folder").to_owned()).collect();
    found.sort();
    found
}

/// The names of all golden projects, in order: `compile/chain`, `errors/empty`.
pub fn goldens() -> Vec<String> {
    let golden = root().join("golden");
    let all = files(&golden).into_iter().filter(|path| path.ends_with("rowkeep.yml"));
    all.map(|path| path.parent().expect("a folder").to_string_lossy().replace('\\', "/")).collect()
}

/// The goldens that compile for a dialect, in order. The snapshot of a golden shows why it does not
/// compile.
pub fn compiling_for(dialect: Dialect) -> Vec<String> {
    let is_for = |name: &String| match name.as_str() {
        "compile/dashed_project" => dialect == Dialect::BigQuery,
        // An EXISTS over a UNION ALL.
        "overrides/union" | "compile/generated_columns" => matches!(dialect, Dialect::Postgres | Dialect::DuckDb),
        "compile/identity" => dialect == Dialect::Postgres,
        "compile/engine_types" | "overrides/delete_using" | "overrides/own_columns" => {
            !matches!(dialect, Dialect::BigQuery | Dialect::Snowflake)
        }
        "overrides/in_for_exists" | "overrides/join_for_exists" => dialect != Dialect::BigQuery,
        name => !name.starts_with("errors/"),
    };
    goldens().into_iter().filter(is_for).collect()
}

/// A golden: its `rowkeep.yml` and its templates. A name without a folder means `golden/compile/`.
pub fn golden(name: &str) -> Inputs {
    golden_with(name, |project| project)
}

/// A golden, with its rowkeep.yml edited.
pub fn golden_with(name: &str, edit: impl Fn(String) -> String) -> Inputs {
    let folder = if name.contains('/') { format!("golden/{name}") } else { format!("golden/compile/{name}") };
    let inputs = Inputs::new("rowkeep.yml", edit(read(format!("{folder}/rowkeep.yml"))));
    let templates = root().join(folder).join("templates");
    files(&templates).into_iter().fold(inputs, |inputs, path| {
        let text = read(templates.join(&path));
        inputs.with_template(path.to_string_lossy().replace('\\', "/"), text)
    })
}

/// The order-tracking example, with this text as its periods file.
pub fn order_tracking(periods: &str) -> Inputs {
    order_tracking_with(periods, |project| project)
}

/// The order-tracking example, with this periods file, and with its rowkeep.yml edited.
pub fn order_tracking_with(periods: &str, edit: impl Fn(String) -> String) -> Inputs {
    let folder = "examples/order_tracking";
    let project = edit(read(format!("{folder}/rowkeep.yml")));
    let inputs = Inputs::new("rowkeep.yml", project).with_periods("periods.yml", periods);
    ["ecs", "uti", "uts"].into_iter().fold(inputs, |inputs, table| {
        inputs.with_table(format!("tables/{table}.yml"), read(format!("{folder}/tables/{table}.yml")))
    })
}

/// The example of windowed loads, with its rowkeep.yml edited.
pub fn order_items_with(edit: impl Fn(String) -> String) -> Inputs {
    let query = "queries/return_items.sql";
    Inputs::new("rowkeep.yml", edit(read("examples/order_items/rowkeep.yml")))
        .with_query(query, read(format!("examples/order_items/{query}")))
}

/// The example of windowed loads.
pub fn order_items() -> Inputs {
    order_items_with(|project| project)
}

/// The order-tracking example.
pub fn example() -> Inputs {
    order_tracking(&read("periods.yml"))
}

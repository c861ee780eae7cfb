//! The JSON Schemas of the project's YAML files. They are generated from the types that read the
//! files.

use serde_json::json;

use crate::project::files::{PeriodsFile, ProjectFile, TableFile};
use crate::project::shape::Shape;

/// The JSON Schema of `rowkeep.yml` (`project`), of `periods.yml` (`periods`) or of a table spec
/// (`table`). `None` for other names.
///
/// ```
/// let schema = rowkeep::project::json_schema("table").unwrap();
/// assert_eq!(schema["properties"]["exception"]["type"], "string");
/// ```
pub fn json_schema(file: &str) -> Option<serde_json::Value> {
    let mut schema = match file {
        "project" => {
            let mut schema = ProjectFile::schema();
            // A project has tables, windowed loads, or both. Tables need exceptions, and periods if
            // they are not purged.
            schema["anyOf"] = json!([{ "required": ["exceptions", "tables"] }, { "required": ["loads"], "not": { "required": ["tables"] } }]);
            schema
        }
        "periods" => PeriodsFile::schema(),
        "table" => TableFile::schema(),
        _ => return None,
    };
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!(format!("Rowkeep {file} file"));
    Some(schema)
}

//! The JSON Schemas accept valid files and refuse wrong ones.

use crate::projects;
use std::path::Path;

use rowkeep::Dialect;
use rowkeep::project::json_schema;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> serde_json::Value {
    serde_yaml::from_str(&std::fs::read_to_string(path).expect("a file")).expect("YAML")
}

fn errors(schema: &serde_json::Value, value: &serde_json::Value) -> Vec<String> {
    let validator = jsonschema::validator_for(schema).expect("a schema");
    validator.iter_errors(value).map(|error| format!("{} at {}", error, error.instance_path())).collect()
}

#[test]
fn project_files_match_their_schemas() {
    let schema = json_schema("project").expect("a schema");
    let mut checked = 0;
    for name in projects::goldens() {
        let path = root().join("golden").join(&name).join("rowkeep.yml");
        if !name.starts_with("errors/") {
            assert_eq!(errors(&schema, &read(&path)), Vec::<String>::new(), "{}", path.display());
            checked += 1;
        }
    }
    assert!(checked >= 15);
    let example = root().join("examples/order_tracking");
    assert_eq!(errors(&schema, &read(&example.join("rowkeep.yml"))), Vec::<String>::new());
    for example in ["order_items", "retention_shapes"] {
        let path = root().join(format!("examples/{example}/rowkeep.yml"));
        assert_eq!(errors(&schema, &read(&path)), Vec::<String>::new(), "{example}");
    }
    assert_eq!(
        errors(&json_schema("periods").expect("a schema"), &read(&root().join("periods.yml"))),
        Vec::<String>::new()
    );
    for table in ["ecs", "uti", "uts"] {
        let path = example.join(format!("tables/{table}.yml"));
        assert_eq!(errors(&json_schema("table").expect("a schema"), &read(&path)), Vec::<String>::new(), "{table}");
    }
}

#[test]
fn the_schemas_refuse_files_of_a_wrong_shape() {
    let schema = json_schema("project").expect("a schema");
    for case in ["unknown_key", "missing_key", "wrong_type", "unknown_word"] {
        let path = root().join(format!("golden/errors/{case}/rowkeep.yml"));
        assert!(!errors(&schema, &read(&path)).is_empty(), "{case} passes");
    }
}

#[test]
fn the_manifest_matches_its_schema() {
    let schema: serde_json::Value = serde_json::from_str(rowkeep::artifacts::manifest::JSON_SCHEMA).expect("JSON");
    let engines = Dialect::ALL.map(Dialect::as_str);
    assert_eq!(schema["properties"]["metadata"]["properties"]["dialect"]["enum"], serde_json::json!(engines));
    let compiling = |name: &String| name.starts_with("compile/") || name.starts_with("features/operations_");
    let of_compile: Vec<_> = projects::goldens().into_iter().filter(compiling).collect();
    assert!(of_compile.len() > 30, "{of_compile:?}");
    for case in of_compile {
        let artifacts = rowkeep::compile(&projects::golden(&case)).expect("it compiles");
        let mut manifest: serde_json::Value =
            serde_json::from_str(artifacts.get(rowkeep::artifacts::MANIFEST).expect("a manifest")).expect("JSON");
        assert_eq!(errors(&schema, &manifest), Vec::<String>::new(), "{case}");
        manifest["metadata"]["dialect"] = 1.into();
        assert!(!errors(&schema, &manifest).is_empty(), "{case}");
    }
    let artifacts = rowkeep::compile(&projects::order_items()).expect("it compiles");
    let text = artifacts.get(rowkeep::artifacts::MANIFEST).expect("a manifest");
    let mut manifest: serde_json::Value = serde_json::from_str(text).expect("JSON");
    assert_eq!(errors(&schema, &manifest), Vec::<String>::new());
    manifest["loads"][0]["clean"]["alarm"] = 1.into();
    assert!(!errors(&schema, &manifest).is_empty());
}

/// Each key of a schema with its own schema, by its path.
fn keys(schema: &serde_json::Value, path: &str, found: &mut Vec<(String, serde_json::Value)>) {
    match schema {
        serde_json::Value::Object(object) => {
            let properties = object.get("properties").and_then(|properties| properties.as_object());
            for (key, own) in properties.into_iter().flatten() {
                let path = format!("{path}.{key}");
                keys(own, &path, found);
                found.push((path, own.clone()));
            }
            object.iter().filter(|(key, _)| *key != "properties").for_each(|(_, part)| keys(part, path, found));
        }
        serde_json::Value::Array(parts) => parts.iter().for_each(|part| keys(part, path, found)),
        _ => {}
    }
}

/// Whether a schema lists the words or the keys of its values, so that an editor can show them.
fn lists_values(schema: &serde_json::Value) -> bool {
    let has_keys = |schema: &serde_json::Value| schema["properties"].is_object();
    schema["enum"].is_array()
        || has_keys(schema)
        || has_keys(&schema["items"])
        || schema["additionalProperties"]["enum"].is_array()
}

#[test]
fn each_key_has_a_description_and_an_example_that_its_schema_accepts() {
    for file in ["project", "periods", "table"] {
        let schema = json_schema(file).expect("a schema");
        let mut found = Vec::new();
        keys(&schema, file, &mut found);
        assert!(found.len() >= 4, "{file}");
        for (path, own) in found {
            assert!(own["description"].as_str().is_some_and(|text| text.len() > 10), "{path} has no description");
            let examples = own["examples"].as_array().map_or(&[][..], Vec::as_slice);
            assert!(!examples.is_empty() || lists_values(&own), "{path} has no example");
            for example in examples {
                assert_eq!(errors(&own, example), Vec::<String>::new(), "the example of {path}");
            }
        }
    }
}

#[test]
fn the_catalogue_names_schemas_that_exist() {
    let catalogue = read(&root().join("docs/schema/catalog.json"));
    let entries = catalogue.as_array().expect("a list");
    for entry in entries {
        let file = entry["url"].as_str().and_then(|url| url.rsplit_once("/docs/schema/")).expect("an address").1;
        assert!(root().join("docs/schema").join(file).is_file(), "{file}");
        assert!(entry["fileMatch"][0].is_string() && entry["description"].is_string(), "{entry}");
    }
    assert!(entries.iter().any(|entry| entry["fileMatch"][0] == "rowkeep.yml"));
}

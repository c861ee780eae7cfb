//! `rowkeep check --dbt`: each way in which a dbt project can run other statements than the
//! compiled ones. tests/tools/dbt shows that real dbt writes such manifests.

use crate::projects;
use crate::shop;
use serde_json::{Value, json};

use crate::shop::Shop;

/// The example project, and the manifest of a dbt project that runs it as compiled.
fn wired() -> (Shop, Value) {
    let shop = Shop::new();
    std::fs::remove_file(shop.path("shop/tables/orders.yml")).expect("it was there");
    let example = projects::root().join("examples/order_tracking");
    for file in ["rowkeep.yml", "tables/ecs.yml", "tables/uti.yml", "tables/uts.yml"] {
        let text = std::fs::read_to_string(example.join(file)).expect("the example is there");
        shop.write(&format!("shop/{file}"), text.replace("../../periods.yml", "periods.yml"));
    }
    let compiled = rowkeep::compile(&projects::example()).expect("it compiles");
    let mut nodes = serde_json::Map::new();
    for (id, node) in &compiled.manifest().nodes {
        let guard = format!("{{{{ order_tracking_rowkeep.guard(this, '{}') }}}}", node.name);
        let listed = |hooks: &[rowkeep::artifacts::manifest::Hook]| -> Vec<Value> {
            let texts = std::iter::once(guard.as_str()).chain(hooks.iter().map(|hook| hook.dbt_sql.as_str()));
            texts.map(|sql| json!({"sql": sql, "transaction": true, "index": null})).collect()
        };
        let (load, hooks) = (listed(&node.load), listed(&node.post_hooks));
        let raw_code = compiled.get(&format!("dbt/models/{}.sql", node.name)).expect("a model");
        let columns: serde_json::Map<_, _> =
            node.columns.iter().map(|column| (column.name.clone(), json!({"name": column.name}))).collect();
        let node = json!({
            "resource_type": "model", "name": node.name, "database": "dev", "schema": "settlement_ods", "alias": node.name,
            "columns": columns, "raw_code": raw_code.trim(), "depends_on": {"nodes": node.depends_on.nodes},
            "config": {"materialized": "incremental", "full_refresh": false, "contract": {"enforced": true},
                "on_schema_change": "fail", "pre-hook": load, "post-hook": hooks},
        });
        nodes.insert(id.clone(), node);
    }
    (shop, json!({"metadata": {"adapter_type": "redshift"}, "nodes": nodes}))
}

fn check(shop: &Shop, manifest: &Value) -> shop::Outcome {
    shop.write("shop/warehouse/target/manifest.json", manifest.to_string());
    shop.run(&["check", "--dbt", "warehouse"])
}

const UTI: &str = "model.order_tracking.mart_uni_tracking_info";
const ECS: &str = "model.order_tracking.mart_ecs_order_info";

#[test]
fn hooks_as_compiled_have_no_findings() {
    let (shop, manifest) = wired();
    let outcome = check(&shop, &manifest);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""), "{outcome}");
    // Other versions of dbt use other keys, or leave some keys out.
    let mut older = manifest;
    older["metadata"] = json!({});
    for node in older["nodes"].as_object_mut().expect("nodes").values_mut() {
        for (older, newer) in [("pre_hook", "pre-hook"), ("post_hook", "post-hook")] {
            let hooks = node["config"][newer].take();
            node["config"][older] = hooks.as_array().expect("hooks").iter().map(|hook| hook["sql"].clone()).collect();
        }
    }
    let outcome = check(&shop, &older);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""), "{outcome}");
}

/// dbt State runs the hooks of a model that it leaves out. The load of Rowkeep is one of them. The
/// load of a team is not, and the last hook would say that raw was read.
#[test]
fn hooks_without_their_load_are_reported() {
    let (shop, mut manifest) = wired();
    manifest["nodes"][UTI]["config"]["state"] = json!({"execute_hooks_on_any_reuse": true});
    let outcome = check(&shop, &manifest);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""), "{outcome}");
    let spec = std::fs::read_to_string(shop.path("shop/tables/uti.yml")).expect("a text");
    let (own, _) = spec.split_once("incremental:").expect("Rowkeep loads the mart");
    shop.write("shop/tables/uti.yml", own);
    assert!(check(&shop, &manifest).stderr.contains("error[RK813]"));
    manifest["nodes"][UTI]["config"]["state"] = json!({"execute_hooks_on_any_reuse": false});
    assert!(!check(&shop, &manifest).stderr.contains("error[RK813]"));
}

/// The findings about a changed manifest.
fn findings(change: impl Fn(&mut Value)) -> String {
    let (shop, mut manifest) = wired();
    change(&mut manifest);
    let outcome = check(&shop, &manifest);
    assert_eq!(outcome.code, Some(1), "{outcome}");
    outcome.stderr
}

/// Changes the hooks of a model.
fn hooks(manifest: &mut Value, id: &str, change: impl Fn(&mut Vec<Value>)) {
    change(manifest["nodes"][id]["config"]["post-hook"].as_array_mut().expect("hooks"));
}

#[test]
fn every_wrong_wiring_is_reported() {
    let mut all = String::new();
    let mut case = |name: &str, code: &str, change: &dyn Fn(&mut Value)| {
        let said = findings(change);
        assert!(said.contains(code) && said.matches("error[").count() == 1, "{name}: {said}");
        all.push_str(&format!("==> {name} <==\n{said}\n"));
    };
    case("no hooks", "RK803", &|m| hooks(m, UTI, Vec::clear));
    case("a hook is left out", "RK803", &|m| {
        hooks(m, UTI, |hooks| {
            hooks.remove(10);
        });
    });
    case("an older package", "RK804", &|m| {
        hooks(m, ECS, |hooks| {
            for hook in hooks {
                let text = hook["sql"].as_str().expect("a text").replace("1782864000", "1767225600");
                hook["sql"] = text.into();
            }
        });
    });
    case("a hand-written trim is left", "RK805", &|m| {
        hooks(m, UTI, |hooks| {
            hooks.push(json!({"sql": "delete from {{ this }} where update_time < 0", "transaction": true}))
        });
    });
    case("another order", "RK806", &|m| hooks(m, UTI, |hooks| hooks.swap(10, 11)));
    case("after the commit", "RK806", &|m| hooks(m, UTI, |hooks| hooks[5]["transaction"] = false.into()));
    case("two wirings", "RK807", &|m| hooks(m, UTI, |hooks| hooks.extend(hooks.clone())));
    case("a column that is not in the spec", "RK808", &|m| {
        m["nodes"][UTI]["columns"]["weight"] = json!({"name": "weight"});
    });
    case("a full refresh is possible", "RK809", &|m| m["nodes"][UTI]["config"]["full_refresh"] = Value::Null);
    case("a table", "RK809", &|m| m["nodes"][UTI]["config"]["materialized"] = "table".into());
    case("a child without its parent", "RK810", &|m| m["nodes"][ECS]["depends_on"]["nodes"] = json!([]));
    case("an alias", "RK812", &|m| m["nodes"][UTI]["alias"] = "ada_mart_uni_tracking_info".into());
    case("no contract", "RK808", &|m| m["nodes"][UTI]["config"]["contract"]["enforced"] = false.into());
    case("columns that dbt adds", "RK808", &|m| {
        m["nodes"][UTI]["config"]["on_schema_change"] = "append_new_columns".into();
    });
    case("no load", "RK803", &|m| m["nodes"][UTI]["config"]["pre-hook"] = json!([]));
    case("an additional load in the model", "RK804", &|m| {
        m["nodes"][UTI]["raw_code"] = "select * from {{ source('a', 'b') }}".into();
    });
    case("a macro that was changed", "RK804", &|m| {
        m["macros"] = json!({"macro.order_tracking_rowkeep.sweep": {"name": "sweep", "package_name": "order_tracking_rowkeep", "macro_sql": "{% macro sweep() %}{% endmacro %}"}});
    });
    case("a trim behind a condition", "RK805", &|m| {
        hooks(m, UTI, |hooks| {
            hooks.push(
                json!({"sql": "{% if is_incremental() %} DELETE FROM {{ this }} {% endif %}", "transaction": true}),
            );
        });
    });
    case("a trim behind a grant", "RK805", &|m| {
        hooks(m, UTI, |hooks| {
            hooks.push(json!({"sql": "grant select on {{ this }} to a; delete from hist_uni_tracking_info_2025_h2", "transaction": true}));
        });
    });
    case("two schemas", "RK811", &|m| m["nodes"][ECS]["schema"] = "elsewhere".into());
    case("no model", "RK802", &|m| m["nodes"][ECS]["resource_type"] = "seed".into());
    case("two versions of a model", "RK802", &|m| {
        m["nodes"]["model.order_tracking.mart_uni_tracking_info.v2"] = m["nodes"][UTI].clone();
    });
    case("another engine", "RK801", &|m| m["metadata"]["adapter_type"] = "databricks".into());
    case("no manifest", "RK801", &|m| *m = json!([]));
    insta::assert_snapshot!("dbt_findings", all);
}

#[test]
fn hooks_that_change_no_rows_are_accepted() {
    let (shop, mut manifest) = wired();
    hooks(&mut manifest, UTI, |hooks| {
        hooks.push(json!({"sql": "\n  grant select on {{ this }} to group readers", "transaction": true}));
        hooks.push(json!({"sql": "{{ notify('done') }}", "transaction": true}));
        hooks.push(json!({"sql": "insert into audit.log select 1", "transaction": true}));
    });
    let outcome = check(&shop, &manifest);
    assert_eq!(outcome.code, Some(0), "{outcome}");
    assert!(outcome.stderr.contains("warning[RK805]") && outcome.stderr.contains("{{ notify('done') }}"), "{outcome}");
    assert!(!outcome.stderr.contains("grant"), "{outcome}");
}

#[test]
fn a_missing_manifest_is_reported() {
    let (shop, _) = wired();
    insta::assert_snapshot!(shop.refuses(&["check", "--dbt", "warehouse"]), @"
    exit 2
    --- stdout
    --- stderr
    error: warehouse/target/manifest.json does not exist; run `dbt parse` in warehouse
    ");
    // The manifest is read from the `target-path` of the dbt project.
    shop.write("shop/warehouse/dbt_project.yml", "name: a\ntarget-path: \"build\" # not target\n");
    shop.write("shop/warehouse/build/manifest.json", "{");
    assert!(shop.refuses(&["check", "--dbt", "warehouse"]).contains("warehouse/build/manifest.json is not JSON"));
    shop.write("shop/warehouse/dbt_project.yml", "name: a\n");
    shop.write("shop/warehouse/target/manifest.json", "{");
    assert!(shop.refuses(&["check", "--dbt", "warehouse"]).contains("RK801"));
}

//! Likely mistakes in arguments and file names.

use crate::shop::Shop;

/// Each of these inputs has one obvious edit, which the error names.
#[test]
fn likely_mistakes_of_arguments_and_files_name_the_edit() {
    let shop = Shop::new();
    std::fs::rename(shop.path("shop/rowkeep.yml"), shop.path("shop/rowkeep.yaml")).expect("it was there");
    let refused = shop.refuses(&["check"]);
    assert!(refused.contains("rename rowkeep.yaml"), "{refused}");
    let refused = shop.refuses(&["check", "--project", "."]);
    assert!(refused.contains("; rename rowkeep.yaml"), "{refused}");

    let shop = Shop::new();
    shop.write("shop/periods.yml", "hist_periods: 2024_h2\n");
    let refused = shop.refuses(&["check"]);
    assert!(refused.contains("write a list, as in `[2024_h2]`"), "{refused}");

    // One period is no list, and several lists have a key of their own.
    let shop = Shop::new();
    let project = std::fs::read_to_string(shop.path("shop/rowkeep.yml")).expect("it was there");
    for (periods, edit) in [
        ("2026", "write a list, as in `[2026]`"),
        ("fy2026", "write a list, as in `[fy2026]`"),
        ("{ monthly: [2026_m01] }", "write `period_lists: { monthly: [2026] }` in rowkeep.yml, and `periods: monthly`"),
    ] {
        shop.write("shop/rowkeep.yml", project.replace("periods: periods.yml", &format!("periods: {periods}")));
        let refused = shop.refuses(&["check"]);
        assert!(refused.contains(edit) && refused.contains("\n1 error\n"), "{refused}");
    }

    // A number of versions is no length of time.
    let shop = Shop::new();
    let spec = crate::shop::ORDERS.replace("{ for: 180 days }", "{ keep: 5 versions }");
    shop.write("shop/tables/orders.yml", spec);
    let refused = shop.refuses(&["check"]);
    assert!(refused.contains("docs/how-to/choose-a-shape.md") && refused.contains("\n1 error\n"), "{refused}");

    // The same mistake in several specs is shown once.
    let shop = Shop::new();
    for number in 0..9 {
        let spec = crate::shop::ORDERS.replace("unique_key", "uniqe_key").replace("orders", &format!("orders{number}"));
        shop.write(&format!("shop/tables/t{number}.yml"), spec);
    }
    let refused = shop.refuses(&["check"]);
    assert_eq!(refused.matches("unknown key `uniqe_key`").count(), 1, "{refused}");
    let places = "the same at 8 more places: tables/t1.yml:3, tables/t2.yml:3, tables/t3.yml:3, tables/t4.yml:3, tables/t5.yml:3, ...";
    assert!(refused.contains(places) && refused.contains("9 errors\n"), "{refused}");

    // A program that reads the output learns why there are no findings.
    let shop = Shop::new();
    std::fs::remove_file(shop.path("shop/periods.yml")).expect("it was there");
    let said = shop.refuses(&["check", "--format", "github"]);
    assert!(said.contains("\n::error::could not read periods.yml"), "{said}");
    let json: serde_json::Value = serde_json::from_str(&shop.run(&["check", "--format", "json"]).stdout).expect("JSON");
    assert!(json["error"].as_str().is_some_and(|error| error.contains("periods.yml")), "{json}");
    let sarif: serde_json::Value =
        serde_json::from_str(&shop.run(&["check", "--format", "sarif"]).stdout).expect("SARIF");
    assert_eq!(sarif["runs"][0]["invocations"][0]["executionSuccessful"], false);

    let shop = Shop::new();
    let refused = shop.refuses(&["trace", "--key", "order_id=abc", "--time", "2026-01-01"]);
    assert!(refused.contains("abc is not a value of the type bigint, so no row has it as order_id"), "{refused}");
    shop.write("shop/r.json", "{\"a\": 1}");
    let refused = shop.refuses(&["report", "--rehearsal", "r.json"]);
    assert!(refused.contains("r.json is not the output of `rowkeep rehearse --format json`"), "{refused}");
}

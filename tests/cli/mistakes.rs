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

    let shop = Shop::new();
    let refused = shop.refuses(&["trace", "--key", "order_id=abc", "--time", "2026-01-01"]);
    assert!(refused.contains("abc is no bigint, so no row has it as order_id"), "{refused}");
    shop.write("shop/r.json", "{\"a\": 1}");
    let refused = shop.refuses(&["report", "--rehearsal", "r.json"]);
    assert!(refused.contains("r.json is not the output of `rowkeep rehearse --format json`"), "{refused}");
}

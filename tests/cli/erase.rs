//! `rowkeep erase`: prints statements, runs nothing.

use crate::shop::{ORDERS, PROJECT, Shop};

const ERASED: &str = "exceptions: { table: shop_exceptions, key: order_id, erased: shop_erased }";

/// The project, with a list of erased keys.
fn shop() -> Shop {
    let shop = Shop::new();
    let project = PROJECT.lines().map(|line| if line.starts_with("exceptions:") { ERASED } else { line });
    shop.write("shop/rowkeep.yml", project.collect::<Vec<_>>().join("\n") + "\n");
    shop
}

#[test]
fn the_statements_of_a_key_are_printed_in_run_order() {
    let shop = shop();
    let said = shop.run(&["erase", "--key", "order_id=42", "--notes", "ticket :key"]);
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
    let files: Vec<_> = said.stdout.lines().filter_map(|line| line.strip_prefix("-- maintenance/repairs/")).collect();
    let folder = "erase__shop_exceptions";
    let names =
        ["01_record", "03_history__mart_orders__2025_h2", "03_history__mart_orders__2026_h1", "04_mart__mart_orders"];
    let expected: Vec<_> = names.iter().map(|name| format!("{folder}/{name}.sql")).collect();
    assert_eq!(&files[..4], expected);
    assert!(said.stdout.contains("SELECT CAST('42' AS BIGINT)"), "{}", said.stdout);
    assert!(said.stdout.contains("'ticket :key'"), "{}", said.stdout);
    // A placeholder that is left would be an error of the client, or another key.
    assert_eq!((said.stdout.matches(":key").count(), said.stdout.matches(":notes").count()), (1, 0));
    assert!(!shop.path("shop/target").exists());
}

#[test]
fn wrong_keys_are_reported() {
    let shop = shop();
    let mut said = String::new();
    for key in ["state=1", "order_id=4'2", "order_id=41.6", "order_id"] {
        said.push_str(&format!("{}\n", shop.refuses(&["erase", "--key", key])));
    }
    said.push_str(&Shop::new().refuses(&["erase", "--key", "order_id=42"]).to_string());
    insta::assert_snapshot!(said, @"
    exit 2
    --- stdout
    --- stderr
    error: keys are erased by order_id, not by state

    exit 2
    --- stdout
    --- stderr
    error: 4'2 is not a value of the type bigint: an engine could read it as another key

    exit 2
    --- stdout
    --- stderr
    error: 41.6 is not a value of the type bigint: an engine could read it as another key

    exit 2
    --- stdout
    --- stderr
    error: invalid value 'order_id' for '--key <COLUMN=VALUE>': expected a column and its value, such as order_id=42

    For more information, try '--help'.

    exit 2
    --- stdout
    --- stderr
    error: no keys can be erased: add `erased: <table>` to `exceptions:`, as in `exceptions: { table: t, key: k, erased: erased_keys }`
    ");
}

#[test]
fn a_key_of_several_lists_needs_the_exceptions_table() {
    let shop = shop();
    let other = "model: mart_users\nhistory: hist_users\nunique_key: order_id\n\
                 exceptions: { table: user_exceptions, key: order_id, erased: user_erased }\n\
                 time: { column: seen_at }\nrows: latest\nretention: { for: 90 days }\nexception: USERS_GAP\n\
                 columns: { order_id: bigint, seen_at: timestamp }\n";
    shop.write("shop/tables/users.yml", other);
    insta::assert_snapshot!(shop.refuses(&["erase", "--key", "order_id=42"]), @"
    exit 2
    --- stdout
    --- stderr
    error: several exceptions tables have a list of erased keys with the key order_id: choose one of them by --exceptions: shop_exceptions, user_exceptions
    ");
    let one = shop.run(&["erase", "--key", "order_id=42", "--exceptions", "user_exceptions"]);
    assert_eq!(one.code, Some(0), "{one}");
    assert!(one.stdout.contains("user_erased") && !one.stdout.contains("shop_erased"), "{one}");
    insta::assert_snapshot!(shop.refuses(&["erase", "--key", "order_id=42", "--exceptions", "mart"]), @"
    exit 2
    --- stdout
    --- stderr
    error: no exceptions table mart has a list of erased keys with this key
    ");
}

/// What the statements do not reach is named, so that nobody takes the key for gone.
#[test]
fn what_keeps_the_key_is_named() {
    let shop = shop();
    shop.write("shop/tables/orders.yml", format!("{ORDERS}source: landing.orders\n"));
    let visits = "model: mart_visits\nhistory: hist_visits\nunique_key: visit_id\ntime: { column: seen_at }\nrows: latest\n\
                  retention: { for: 90 days }\nexceptions: { table: visit_exceptions, key: visit_id }\nexception: VISITS_GAP\n\
                  columns: { visit_id: bigint not null, order_id: bigint, seen_at: timestamp }\n";
    shop.write("shop/tables/visits.yml", visits);
    let said = shop.run(&["erase", "--key", "order_id=42"]);
    let left: Vec<_> = said.stdout.lines().filter(|line| line.contains("Not deleted here")).collect();
    let expected = [
        "-- Not deleted here: rows of landing.orders, which no `raw:` of the project trims.",
        "-- Not deleted here: rows of ods.mart_visits, which has the column and does not obey this list.",
    ];
    assert_eq!(left, expected, "{said}");
}

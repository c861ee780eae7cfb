//! Several lists of periods: each command as a user runs it for one list.

use crate::shop::{ORDERS, Shop};

const PROJECT: &str = "name: shop
dialect: redshift
schema: ods
periods: periods.yml
period_lists:
  weekly: { periods: weekly.yml, sealed_before: 2026-01-12 }
  # From another file of the team.
  yearly:
    periods: { file: dbt_project.yml, at: vars.years }
    keep_history: 2 years
exceptions: { table: shop_exceptions, key: order_id }
tables: tables/
";

/// Half-years for orders, weeks for visits, years for invoices, and quarters of its own for carts.
fn shop() -> Shop {
    let shop = Shop::new();
    shop.write("shop/rowkeep.yml", PROJECT);
    shop.write("shop/weekly.yml", "hist_periods:\n  - 2026_w01\n  - 2026_w02\n  - 2026_w03 # the newest\n");
    shop.write("shop/dbt_project.yml", "name: shop\nvars:\n  years: [2024, 2025]\n");
    for (model, key) in
        [("visits", "periods: weekly"), ("invoices", "periods: yearly"), ("carts", "periods: [2025_q4]")]
    {
        let spec = ORDERS.replace("orders", model).replace("ORDERS", &model.to_uppercase());
        shop.write(&format!("shop/tables/{model}.yml"), format!("{spec}{key}\n"));
    }
    shop
}

/// The first lines of an answer.
fn head(text: &str, lines: usize) -> String {
    text.lines().take(lines).map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_rotation_of_one_list_changes_its_file_and_its_tables_only() {
    let shop = shop();
    assert_eq!(shop.run(&["compile"]).code, Some(0));
    let before = shop.tree();
    let rotated = shop.run(&["rotate", "--list", "weekly"]);
    insta::assert_snapshot!(head(&rotated.stdout, 5), @"
    added 2026_w04 to weekly.yml, line 5:
        - 2026_w04
    +1 history table, 7 statements added, 12 statements widened, 148 untouched
      from 2026-07-18 on, due rows of mart_visits go to ods.hist_visits_2026_w04
    ");
    let changed: Vec<_> = shop.tree().into_iter().filter(|(path, text)| before.get(path) != Some(text)).collect();
    let [(path, text)] = changed.as_slice() else { panic!("{changed:?}") };
    assert!(path.ends_with("shop/weekly.yml"), "{}", path.display());
    insta::assert_snapshot!(String::from_utf8_lossy(text), @"
    hist_periods:
      - 2026_w01
      - 2026_w02
      - 2026_w03 # the newest
      - 2026_w04
    ");
    assert!(
        shop.run(&["rotate", "--list", "weekly"]).stdout.contains("note: 2026_w04, the period before it, is new too")
    );
    // Every other list is as it was, so its rotation has no such note.
    insta::assert_snapshot!(head(&shop.run(&["rotate", "--list", "yearly"]).stdout, 3), @"
    added 2026 to dbt_project.yml, line 3:
        years: [2024, 2025, 2026]
    +1 history table, 7 statements added, 12 statements widened, 162 untouched
    ");
    insta::assert_snapshot!(head(&shop.run(&["rotate", "--list", "mart_carts"]).stdout, 3), @"
    added 2026_q1 to tables/carts.yml, line 9:
      periods: [2025_q4, 2026_q1]
    +1 history table, 7 statements added, 12 statements widened, 169 untouched
    ");
    let spec = std::fs::read_to_string(shop.path("shop/tables/carts.yml")).expect("the spec");
    assert!(spec.ends_with("periods: [2025_q4, 2026_q1]\n"), "{spec}");
    insta::assert_snapshot!(head(&shop.run(&["rotate"]).stdout, 3), @"
    added 2026_h2 to periods.yml, line 4:
        - 2026_h2
    +1 history table, 7 statements added, 12 statements widened, 176 untouched
    ");
    assert_eq!(shop.run(&["compile"]).code, Some(0));
    insta::assert_snapshot!(shop.refuses(&["rotate", "--list", "week"]), @"
    exit 1
    --- stdout
    --- stderr
    error[RK214]: the project has no list of periods with the name `week`
     --> periods.yml:2:3
      |
    2 |   - 2025_h2
      |   ^ a list of periods
      |
      = help: write `--list NAME`, with one of: weekly, yearly, mart_carts; or leave it out, for `periods`

    1 error; nothing was written
    ");
}

#[test]
fn check_and_diff_say_which_list() {
    let shop = shop();
    assert_eq!(shop.run(&["compile"]).code, Some(0));
    insta::assert_snapshot!(shop.run(&["check", "--today", "2027-12-01"]).stderr, @"
    note[RK718]: 2 open periods ended before the earliest cutoff, 2027-06-04: each cycle looks up its keys in all of them
     --> periods.yml:2:3
      |
    2 |   - 2025_h2
      |   ^ open periods
      |
      = help: write `sealed_before: 2026-01-01` in rowkeep.yml: only the nightly sweep then reads older periods, and rows that arrive late for them wait for it

    error[RK712]: since 2026-12-28, due rows of mart_orders fall into no period: they stay in their mart and are reported
     --> periods.yml:3:5
      |
    3 |   - 2026_h1
      |     ^^^^^^^ the last period
      |
      = help: run `rowkeep rotate`: it adds `2026_h2`

    error[RK712]: since 2026-07-18, due rows of mart_visits fall into no period: they stay in their mart and are reported
     --> weekly.yml:4:5
      |
    4 |   - 2026_w03 # the newest
      |     ^^^^^^^^ the last period
      |
      = help: run `rowkeep rotate --list weekly`: it adds `2026_w04`

    note[RK718]: 2 open periods ended before the earliest cutoff, 2027-06-04: each cycle looks up its keys in all of them
     --> dbt_project.yml:3:10
      |
    3 |   years: [2024, 2025]
      |          ^ open periods
      |
      = help: write `sealed_before: 2025-01-01` beside the periods of the list `yearly`, as in `{ periods: [2026], sealed_before: 2025-01-01 }`: only the nightly sweep then reads older periods, and rows that arrive late for them wait for it

    warning[RK719]: the rows of period `2024` need not be kept since 2027-01-01: it ended on 2025-01-01, and keep_history is 2 years
     --> dbt_project.yml:3:11
      |
    3 |   years: [2024, 2025]
      |           ^^^^ the oldest period
      |
      = help: follow `rowkeep runbook retire-period --list yearly`; Rowkeep drops nothing itself

    error[RK712]: since 2026-06-30, due rows of mart_invoices fall into no period: they stay in their mart and are reported
     --> dbt_project.yml:3:17
      |
    3 |   years: [2024, 2025]
      |                 ^^^^ the last period
      |
      = help: run `rowkeep rotate --list yearly`: it adds `2026`

    error[RK712]: since 2026-06-30, due rows of mart_carts fall into no period: they stay in their mart and are reported
    ");
    insta::assert_snapshot!(head(&shop.run(&["diff", "--list", "yearly", "--remove", "2025"]).stdout, 4), @"
    ! period `2025` of the list `yearly` was removed: no statement would read the rows in its history tables [RK721]
      -1 history table, 7 statements dropped, 12 statements narrowed, 141 untouched

    due rows have a period
    ");
    insta::assert_snapshot!(shop.refuses(&["diff", "--list", "weekly", "--remove", "2025"]), @"
    exit 2
    --- stdout
    --- stderr
    error: --remove names 2025, which is not a period of the list
    ");
}

#[test]
fn the_run_books_of_a_list_are_about_its_tables() {
    let shop = shop();
    let book = shop.run(&["runbook", "rotation", "--list", "weekly"]).stdout;
    assert!(book.starts_with("# Add the period 2026_w04 of the list `weekly`\n"), "{book}");
    assert!(book.contains("rowkeep rotate --list weekly 2026_w04") && book.contains("hist_visits_2026_w04"), "{book}");
    assert!(book.contains("`rowkeep runbook remove-period --list weekly`") && !book.contains("hist_orders"), "{book}");
    let sealing = shop.run(&["runbook", "sealing", "--list", "weekly"]).stdout;
    assert!(sealing.contains("2026-01-12: seals all periods before `2026_w03`"), "{sealing}");
    let late = shop.run(&["runbook", "late-period"]).stdout;
    assert!(
        late.contains("\nrowkeep rotate\n")
            && late.contains("FROM ods.mart_orders")
            && !late.contains("FROM ods.mart_visits"),
        "{late}"
    );
    let all = shop.run(&["runbook"]).stdout;
    insta::assert_snapshot!(all.lines().last().unwrap_or_default(), @"for another list of periods, add --list mart_carts or --list weekly or --list yearly to late-period, lower-edge, remove-period, retire-period, rotation, sealing");
    // A run-book about the whole project does not depend on a list.
    assert_eq!(shop.run(&["runbook", "qa", "--list", "weekly"]).stdout, shop.run(&["runbook", "qa"]).stdout);
    // Without a list that has no name, a command must name one.
    shop.write("shop/rowkeep.yml", PROJECT.replace("periods: periods.yml\n", ""));
    shop.write("shop/tables/orders.yml", format!("{ORDERS}periods: weekly\n"));
    insta::assert_snapshot!(shop.refuses(&["runbook", "rotation"]), @"
    exit 1
    --- stdout
    --- stderr
    error[RK214]: the project has several lists of periods, and none without a name
     --> weekly.yml:2:3
      |
    2 |   - 2026_w01
      |   ^ a list of periods
      |
      = help: write `--list NAME`, with one of: weekly, yearly, mart_carts

    1 error; nothing was written
    ");
}

/// The rows of a table stay in the history tables of its old list.
#[test]
fn a_table_that_leaves_its_list_is_refused() {
    let shop = shop();
    assert_eq!(shop.run(&["compile"]).code, Some(0));
    let spec = |list: &str| ORDERS.replace("orders", "visits").replace("ORDERS", "VISITS") + list;
    shop.write("shop/tables/visits.yml", spec(""));
    shop.write(
        "shop/rowkeep.yml",
        PROJECT.replace("  weekly: { periods: weekly.yml, sealed_before: 2026-01-12 }\n", ""),
    );
    insta::assert_snapshot!(shop.refuses(&["compile"]), @"
    exit 1
    --- stdout
    --- stderr
    error[RK721]: period `2026_w01` was removed: no statement would read the rows in its history tables
     --> periods.yml:2:3
      |
    2 |   - 2025_h2
      |   ^ the period was in this list
      |
      = help: put `- 2026_w01` back
      = help: if its rows need not be kept any more: `rowkeep runbook retire-period`
      = help: if the change is intended and you have taken care of its rows: `--allow period`

    error[RK721]: period `2026_w02` was removed: no statement would read the rows in its history tables
     --> periods.yml:2:3
      |
    2 |   - 2025_h2
      |   ^ the period was in this list
      |
      = help: put `- 2026_w02` back
      = help: if the change is intended and you have taken care of its rows: `--allow period`

    error[RK721]: period `2026_w03` was removed: no statement would read the rows in its history tables
     --> periods.yml:2:3
      |
    2 |   - 2025_h2
      |   ^ the period was in this list
      |
      = help: put `- 2026_w03` back
      = help: if the change is intended and you have taken care of its rows: `--allow period`

    3 errors; nothing was written
    ");
    // A list with another name and the same periods is no change of the tables.
    shop.write("shop/tables/visits.yml", spec("periods: by_week\n"));
    shop.write("shop/rowkeep.yml", PROJECT.replace("  weekly:", "  by_week:"));
    assert_eq!(shop.run(&["compile"]).code, Some(0));
    // A list that loses a period is refused, as the only list is.
    shop.write("shop/dbt_project.yml", "name: shop\nvars:\n  years: [2025]\n");
    insta::assert_snapshot!(shop.refuses(&["compile"]), @"
    exit 1
    --- stdout
    --- stderr
    error[RK721]: period `2024` of the list `yearly` was removed: no statement would read the rows in its history tables
     --> dbt_project.yml:3:10
      |
    3 |   years: [2025]
      |          ^ the period was in this list
      |
      = help: put `- 2024` back
      = help: if its rows need not be kept any more: `rowkeep runbook retire-period --list yearly`
      = help: if the change is intended and you have taken care of its rows: `--allow period`

    1 error; nothing was written
    ");
}

/// The periods of both lists have the same names, but one of the lists is sealed.
#[test]
fn diff_says_that_a_table_comes_to_a_sealed_list() {
    let (old, new) = (shop(), shop());
    let spec = |list: &str| ORDERS.replace("orders", "visits").replace("ORDERS", "VISITS") + list;
    let clicks = ORDERS.replace("orders", "clicks").replace("ORDERS", "CLICKS") + "periods: weekly\n";
    old.write("shop/rowkeep.yml", PROJECT.replace("  weekly:", "  open: weekly.yml\n  weekly:"));
    old.write("shop/tables/visits.yml", spec("periods: open\n"));
    for shop in [&old, &new] {
        shop.write("shop/tables/clicks.yml", &clicks);
    }
    let said = new.run(&["diff", "--against", &old.path("shop").display().to_string()]).stdout;
    let notable: Vec<_> = said.lines().filter(|line| line.starts_with("* mart_visits")).collect();
    insta::assert_snapshot!(notable.join("\n"), @"* mart_visits has the periods of the list `weekly` now, of which 2026_w01, 2026_w02 are sealed: if one of its rows there becomes due, all rows of that key are held until the nightly sweep");
}

/// A list in a table spec has the keys of any other list. In rowkeep.yml, they would seal or retire
/// the periods of other tables.
#[test]
fn a_list_of_its_own_is_sealed_and_retired_in_the_table_spec() {
    let shop = shop();
    let carts = |periods: &str| ORDERS.replace("orders", "carts").replace("ORDERS", "CARTS") + periods;
    shop.write(
        "shop/tables/carts.yml",
        carts(
            "periods: { periods: [2025_q3, 2025_q4, 2026_q1], sealed_before: 2025-10-01, retired_before: 2025-07-01 }\n",
        ),
    );
    assert_eq!(shop.run(&["compile"]).code, Some(0));
    let trims = |model: &str| shop.path(&format!("shop/target/rowkeep/compiled/{model}/09_trim_retired.sql")).exists();
    assert!(trims("mart_carts") && !trims("mart_orders"));
    shop.write("shop/tables/carts.yml", carts("periods: [2025_q4]\nretired_before: 2025-10-01\n"));
    insta::assert_snapshot!(shop.refuses(&["compile"]), @"
    exit 1
    --- stdout
    --- stderr
    error[RK104]: unknown key `retired_before` in a table spec
      --> tables/carts.yml:10:1
       |
    10 | retired_before: 2025-10-01
       | ^^^^^^^^^^^^^^ not a known key
       |
       = help: write `retired_before` beside the list that has the periods of this table: in rowkeep.yml, or in `periods: { periods: [2026], retired_before: ... }`

    1 error; nothing was written
    ");
}

/// A renamed model has the same mart, so its history tables are looked at too.
#[test]
fn a_renamed_model_keeps_its_periods() {
    let shop = shop();
    assert_eq!(shop.run(&["compile"]).code, Some(0));
    std::fs::remove_file(shop.path("shop/tables/carts.yml")).expect("the spec");
    let spec = ORDERS.replace("mart_orders", "baskets").replace("hist_orders", "hist_carts").replace("ORDERS", "CARTS");
    for periods in ["periods: [2026_q1]", "periods: weekly", ""] {
        shop.write("shop/tables/baskets.yml", format!("{spec}relation: mart_carts\n{periods}\n"));
        let refused = shop.refuses(&["compile", "--allow", "table"]);
        assert!(refused.contains("RK721") && refused.contains("2025_q4"), "{periods}: {refused}");
    }
    shop.write("shop/tables/baskets.yml", format!("{spec}relation: mart_carts\nperiods: [2025_q4]\n"));
    assert_eq!(shop.run(&["compile", "--allow", "table"]).code, Some(0));
}

/// Lists that change their names, or swap them, leave every table its periods.
#[test]
fn names_of_lists_do_not_matter() {
    let shop = shop();
    assert_eq!(shop.run(&["compile"]).code, Some(0));
    let swapped =
        PROJECT.replace("  weekly:", "  other:").replace("  yearly:", "  weekly:").replace("  other:", "  yearly:");
    shop.write("shop/rowkeep.yml", swapped);
    for (model, list) in [("visits", "yearly"), ("invoices", "weekly")] {
        let spec = ORDERS.replace("orders", model).replace("ORDERS", &model.to_uppercase());
        shop.write(&format!("shop/tables/{model}.yml"), format!("{spec}periods: {list}\n"));
    }
    assert_eq!(shop.run(&["compile"]).to_string().lines().next(), Some("exit 0"));
}

/// The file of two lists cannot be edited for one of them.
#[test]
fn a_file_of_two_lists_is_not_rotated() {
    let shop = shop();
    shop.write("shop/rowkeep.yml", PROJECT.replace("weekly.yml, sealed_before: 2026-01-12", "periods.yml"));
    let before = shop.tree();
    insta::assert_snapshot!(shop.refuses(&["rotate", "--list", "weekly"]), @"
    exit 1
    --- stdout
    --- stderr
    error[RK105]: rowkeep cannot add 2026_h2 to this list: the edited file would not list exactly one more period, or would change another list too
     --> periods.yml:3:5
      |
    3 |   - 2026_h1
      |     ^^^^^^^ after this entry
      |
      = help: add the entry by hand

    1 error; nothing was written
    ");
    assert_eq!(before, shop.tree());
    // An alias has no text of its own.
    let lists = "period_lists:\n  yearly: &list [2025]\n  weekly: *list\nexceptions";
    let (begin, end) = (PROJECT.find("period_lists").expect("lists"), PROJECT.find("exceptions").expect("exceptions"));
    shop.write("shop/rowkeep.yml", PROJECT[..begin].to_owned() + lists + &PROJECT[end + "exceptions".len()..]);
    let before = shop.tree();
    insta::assert_snapshot!(shop.refuses(&["rotate", "--list", "weekly"]), @r"
    exit 1
    --- stdout
    --- stderr
    error[RK105]: rowkeep cannot add a period to this list, because it is an alias of another list
     --> rowkeep.yml:7:11
      |
    7 |   weekly: *list
      |           ^^^^^ an alias
      |
      = help: write the list in place, or let the tables use the other list

    1 error; nothing was written
    ");
    assert_eq!(before, shop.tree());
}

/// A parent without periods passes on the list of its own parent, and may have children of two lists.
#[test]
fn children_of_a_parent_without_periods() {
    let shop = Shop::new();
    let spec = |model: &str, keys: &str| {
        let spec = ORDERS.replace("orders", model).replace("ORDERS", &model.to_uppercase());
        let spec = spec.replace("retention: { for: 180 days }\n", "").replace(&format!("history: hist_{model}\n"), "");
        shop.write(&format!("shop/tables/{model}.yml"), format!("{spec}{keys}\n"));
    };
    shop.write("shop/weekly.yml", "hist_periods: [2026_w01, 2026_w02]\n");
    shop.write("shop/rowkeep.yml", PROJECT.replace("sealed_before: 2026-01-12", "keep_history: 1 year"));
    shop.write("shop/dbt_project.yml", "vars: { years: [2025, 2026] }\n");
    spec("a", "retention: { for: 30 days }\nhistory: hist_a\nperiods: weekly");
    spec("b", "retention: { while_in: mart_a }\nhistory: { table: b_archive }");
    spec("c", "retention: { while_in: mart_b }\nhistory: hist_c");
    spec("p", "retention: { for: 30 days }\narchive: none\ntripwire: 90%");
    spec("q", "retention: { while_in: mart_p }\nhistory: hist_q\nperiods: weekly");
    spec("r", "retention: { while_in: mart_p }\nhistory: hist_r\nperiods: yearly");
    assert_eq!(shop.run(&["compile"]).to_string().lines().next(), Some("exit 0"));
    let manifest = std::fs::read_to_string(shop.path("shop/target/rowkeep/manifest.json")).expect("a manifest");
    assert!(manifest.contains("hist_c_2026_w01") && !manifest.contains("hist_c_2025"));
    spec("c", "retention: { while_in: mart_b }\nhistory: hist_c\nperiods: yearly");
    assert!(shop.refuses(&["compile"]).contains("RK214"));
}

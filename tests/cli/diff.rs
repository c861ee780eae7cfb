//! `rowkeep diff`, `rotate` and `runbook`, as a user runs them, and what a rotation changes in
//! every project.

use crate::projects;
use std::process::Command;

use rowkeep::diff::{How, diff};
use rowkeep::rotate::{Rotation, rotate};
use rowkeep::{Dialect, Inputs};

use crate::shop::{ORDERS, PROJECT, Shop};

/// The example in its own repository, with one commit.
fn repository() -> Shop {
    let shop = Shop::new();
    std::fs::remove_dir_all(shop.path(".git")).expect("it was there");
    std::fs::remove_file(shop.path("shop/tables/orders.yml")).expect("it was there");
    let example = projects::root().join("examples/order_tracking");
    for file in ["rowkeep.yml", "tables/ecs.yml", "tables/uti.yml", "tables/uts.yml"] {
        let text = std::fs::read_to_string(example.join(file)).expect("the example is there");
        shop.write(&format!("shop/{file}"), text.replace("../../periods.yml", "../periods.yml"));
    }
    std::fs::copy(projects::root().join("periods.yml"), shop.path("periods.yml")).expect("periods");
    git(&shop, &["init", "--quiet", "--initial-branch=main"]);
    commit(&shop, "first");
    shop
}

fn git(shop: &Shop, arguments: &[&str]) -> String {
    let identity = ["-c", "user.name=a", "-c", "user.email=a@b.invalid", "-c", "commit.gpgsign=false"];
    let output =
        Command::new("git").current_dir(shop.path("")).args(identity).args(arguments).output().expect("git is there");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn commit(shop: &Shop, message: &str) {
    git(shop, &["add", "--all"]);
    git(shop, &["commit", "--quiet", "-m", message]);
}

#[test]
fn a_rotation_is_one_line_in_one_file() {
    let shop = repository();
    let before = shop.tree();
    let dry = shop.run(&["rotate", "--dry-run"]);
    assert_eq!(dry.code, Some(0), "{dry}");
    assert_eq!(before, shop.tree(), "a dry run writes nothing");
    insta::assert_snapshot!("rotate", shop.run(&["rotate"]));
    let numbers = git(&shop, &["diff", "--stat"]);
    assert!(numbers.contains("1 file changed, 1 insertion(+)\n") && numbers.contains("periods.yml"), "{numbers}");
    assert_eq!(shop.run(&["compile"]).code, Some(0));
    assert_eq!(shop.run(&["check", "--today", "2026-12-01"]).code, Some(0));
    insta::assert_snapshot!(shop.run(&["rotate", "2026_h2"]), @"
    exit 0
    --- stdout
    2026_h2 is already in line 5 of ../periods.yml; nothing was changed
    --- stderr
    ");
    insta::assert_snapshot!(shop.refuses(&["rotate", "2027_h2"]), @"
    exit 1
    --- stdout
    --- stderr
    error[RK202]: no period covers [2027-01-01, 2027-07-01); due rows of that time would stay in the mart
     --> ../periods.yml:6:5
      |
    5 |   - 2026_h2
      |     ------- ends 2027-01-01
    6 |   - 2027_h2
      |     ^^^^^^^ starts 2027-07-01
      |
      = help: add the period between them

    1 error; nothing was written
    ");
    insta::assert_snapshot!(shop.refuses(&["rotate", "someday"]), @"
    exit 1
    --- stdout
    --- stderr
    error[RK201]: the name of period `someday` gives no bounds
     --> ../periods.yml:6:5
      |
    6 |   - someday
      |     ^^^^^^^ expected a name such as 2025_h2, 2025_q3, 2025_m07, 2025_w01, 2025_07_01 or 2025
      |
      = help: state its bounds: `{ name: legacy, start: 2019-01-01, end: 2025-07-01 }`

    1 error; nothing was written
    ");
}

/// A list with stated bounds continues by whole months, and its names count. A list without a
/// pattern is not continued.
#[test]
fn stated_bounds_are_continued_or_asked_for() {
    let shop = Shop::new();
    let project = PROJECT.replace("periods.yml", "../periods.yml");
    let rotated = |periods: &str, arguments: &[&str]| {
        shop.write("shop/rowkeep.yml", &project);
        shop.write("periods.yml", format!("hist_periods:\n{periods}"));
        let said = shop.run(arguments);
        (said, std::fs::read_to_string(shop.path("periods.yml")).expect("a text"))
    };
    let years = "  - { name: fy2025, start: 2025-04-01, end: 2026-04-01 }\n  - { name: fy2026, start: 2026-04-01, end: 2027-04-01 }\n";
    let (said, text) = rotated(years, &["rotate"]);
    assert_eq!(said.code, Some(0), "{said}");
    assert_eq!(text, format!("hist_periods:\n{years}  - {{ name: fy2027, start: 2027-04-01, end: 2028-04-01 }}\n"));
    // The first rotation is not compiled yet.
    assert_eq!(shop.run(&["compile"]).code, Some(0));
    assert!(!shop.run(&["rotate"]).to_string().contains("is new too"));
    assert!(shop.run(&["rotate"]).to_string().contains("note: fy2028, the period before it, is new too"));

    let weeks = "  - { name: p02, start: 2026-03-01, end: 2026-03-29 }\n  - { name: p03, start: 2026-03-29, end: 2026-05-03 }\n";
    let (said, text) = rotated(weeks, &["rotate"]);
    assert_eq!(text, format!("hist_periods:\n{weeks}"), "nothing was written");
    insta::assert_snapshot!(said, @"
    exit 1
    --- stdout
    --- stderr
    error[RK210]: the last periods have no common length in months or weeks, so the end of the next one is unknown
     --> ../periods.yml:3:7
      |
    3 |   - { name: p03, start: 2026-03-29, end: 2026-05-03 }
      |       ^^^^ the last period
      |
      = help: state the first day after it: `rowkeep rotate NAME --end YYYY-MM-DD`

    1 error; nothing was written
    ");
    let (said, text) = rotated(weeks, &["rotate", "p04", "--end", "2026-05-31"]);
    assert_eq!(said.code, Some(0), "{said}");
    assert!(text.ends_with("  - { name: p04, start: 2026-05-03, end: 2026-05-31 }\n"), "{text}");
    let (said, _) = rotated("  - { name: legacy, start: 2024-01-01, end: 2025-01-01 }\n", &["rotate"]);
    insta::assert_snapshot!(said, @"
    exit 1
    --- stdout
    --- stderr
    error[RK210]: no name continues the names of the periods, so the name of the next one, until 2026-01-01, is unknown
     --> ../periods.yml:2:7
      |
    2 |   - { name: legacy, start: 2024-01-01, end: 2025-01-01 }
      |       ^^^^ the last period
      |
      = help: state its name: `rowkeep rotate NAME`

    1 error; nothing was written
    ");

    // An earlier version repeated the number of days.
    let drifted = format!("{years}  - {{ name: from_2027_04_01, start: 2027-04-01, end: 2028-03-31 }}\n");
    let (said, text) = rotated(&drifted, &["rotate"]);
    assert_eq!(text, format!("hist_periods:\n{drifted}"), "nothing was written");
    insta::assert_snapshot!(said, @"
    exit 1
    --- stdout
    --- stderr
    error[RK211]: period `from_2027_04_01` ends on 2028-03-31, but the pattern of the periods before it gives 2028-04-01: each later period begins on the wrong day
     --> ../periods.yml:4:7
      |
    4 |   - { name: from_2027_04_01, start: 2027-04-01, end: 2028-03-31 }
      |       ^^^^ ends on another day of the month
      |
      = help: write `end: 2028-04-01` while its history tables are empty

    1 error; nothing was written
    ");
    let warned = shop.run(&["check", "--today", "2026-05-01"]).to_string();
    assert!(warned.contains("warning[RK211]: period `from_2027_04_01` ends on 2028-03-31"), "{warned}");
}

/// The list of periods may be in the project file, or in dbt_project.yml.
#[test]
fn rotate_edits_the_file_that_holds_the_periods() {
    let shop = Shop::new();
    shop.write("dbt_project.yml", "name: shop\nvars:\n  # kept\n  hist_periods:\n    - 2025_h2 # too\n  other: 1\n");
    shop.write(
        "shop/rowkeep.yml",
        PROJECT.replace("periods.yml", "{ file: ../dbt_project.yml, at: vars.hist_periods }"),
    );
    assert_eq!(shop.run(&["rotate"]).code, Some(0));
    let text = std::fs::read_to_string(shop.path("dbt_project.yml")).expect("a text");
    assert_eq!(text, "name: shop\nvars:\n  # kept\n  hist_periods:\n    - 2025_h2 # too\n    - 2026_h1\n  other: 1\n");

    shop.write("shop/rowkeep.yml", PROJECT.replace("periods.yml", "[2025_h2] # in place"));
    assert_eq!(shop.run(&["rotate"]).code, Some(0));
    let text = std::fs::read_to_string(shop.path("shop/rowkeep.yml")).expect("a text");
    assert_eq!(text, PROJECT.replace("periods.yml", "[2025_h2, 2026_h1] # in place"));
}

/// tests/engines/runbooks runs the commands of the run-books.
#[test]
fn a_run_book_is_printed_by_its_name() {
    let shop = repository();
    let said = shop.run(&["runbook", "rotation"]);
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
    assert!(said.stdout.contains("CREATE TABLE IF NOT EXISTS settlement_ods.hist_ecs_order_info_2026_h2"), "{said}");
    insta::assert_snapshot!(shop.refuses(&["runbook", "rotatoin"]));
    insta::assert_snapshot!(shop.run(&["runbook"]));
}

#[test]
fn the_next_period_is_previewed() {
    let shop = repository();
    let before = shop.tree();
    insta::assert_snapshot!("add", shop.run(&["diff"]));
    assert_eq!(before, shop.tree(), "a preview writes nothing");
    assert_eq!(shop.run(&["diff"]).stdout, shop.run(&["diff", "--add", "2026_h2"]).stdout);
    let markdown = shop.run(&["diff", "--format", "markdown"]);
    insta::assert_snapshot!("add_markdown", markdown);
    assert!(markdown.stdout.starts_with(rowkeep::diff::MARKER));
    insta::assert_snapshot!(shop.run(&["diff", "--format", "github"]), @"
    exit 0
    --- stdout
    ::notice title=rowkeep diff::period 2026_h2 is added: [2026-07-01, 2027-01-01)
    ::notice title=rowkeep diff::+3 history tables, 21 statements added, 45 statements widened, 141 untouched
    --- stderr
    ");
    let json: serde_json::Value = serde_json::from_str(&shop.run(&["diff", "--format", "json"]).stdout).expect("JSON");
    assert_eq!(json["flows"][0]["from"], "2026-12-28");
    assert_eq!(json["edges"][0]["horizon_after"], "2027-06-30");
    assert_eq!(shop.run(&["diff", "--exit-code"]).code, Some(1));
    assert_eq!(shop.run(&["diff", "--against", "HEAD", "--exit-code"]).code, Some(0));
    insta::assert_snapshot!(shop.refuses(&["diff", "--add", "2026_h1"]), @"
    exit 2
    --- stdout
    --- stderr
    error: --add names 2026_h1, which is already in line 4 of ../periods.yml
    ");
    insta::assert_snapshot!(shop.refuses(&["diff", "--remove", "2027_h1"]), @"
    exit 2
    --- stdout
    --- stderr
    error: --remove names 2027_h1, which is not a period of the list
    ");
}

/// Compares the preview of a rotation with the compiled statements before and after it.
#[test]
fn the_preview_equals_the_compiled_change() {
    let now = projects::example();
    let Ok(Rotation::Added { inputs: next, .. }) = rotate(&now, None, None, None) else { panic!("it can be rotated") };
    let preview = diff(&now, &next).expect("both compile");
    let (before, after) = (rowkeep::compile(&now).expect("it compiles"), rowkeep::compile(&next).expect("it compiles"));
    let mut seen = 0;
    let is_in_preview = |path: &&String| {
        let is_operation = path.starts_with("monitors/") || path.starts_with("maintenance/");
        // The preview lists the statements of a monitor and of maintenance, but not their
        // companions.
        let companions = ["__record.sql", "__resolve.sql", "__other_system.sql", "__when.sql"];
        path.starts_with("compiled/") || (is_operation && !companions.iter().any(|end| path.ends_with(end)))
    };
    for (path, text) in after.files().iter().filter(|(path, _)| is_in_preview(path)) {
        let parts: Vec<_> = path.trim_end_matches(".sql").split('/').collect();
        let (runs, model, name) = match parts[..] {
            ["compiled", "sweep", model, name] => (["sweep", "sweep"], Some(model), name),
            ["compiled", model, name] => (["load", "cycle"], Some(model), name),
            ["monitors", name] => (["monitor", "monitor"], None, name),
            ["maintenance", "repairs", model, name] => (["repair", "repair"], Some(model), name),
            ["maintenance", "repairs" | "marts" | "raw" | "work", name] => (["raw", "maintenance"], None, name),
            _ => panic!("{path}"),
        };
        let listed = preview.statements.iter().find(|listed| {
            runs.contains(&listed.runs) && model.is_none_or(|model| listed.model == model) && listed.name == name
        });
        let sql = |text: &str| text.trim_end().to_owned();
        match (before.get(path), listed) {
            (Some(old), None) => assert_eq!(old, text, "{path} changes, but the preview does not list it"),
            (Some(old), Some(listed)) => {
                assert_eq!((listed.before.clone(), listed.after.clone()), (Some(sql(old)), Some(sql(text))), "{path}");
                assert_eq!(listed.how, How::Widened, "{path}");
                seen += 1;
            }
            (None, Some(listed)) => {
                assert_eq!((listed.how, listed.after.clone()), (How::Added, Some(sql(text))), "{path}");
                seen += 1;
            }
            (None, None) => panic!("{path} is new, but the preview does not list it"),
        }
    }
    assert_eq!(seen, preview.statements.len());
    let created: Vec<_> = preview.created.iter().map(|relation| relation.sql.as_str()).collect();
    let old: Vec<_> = before.manifest().ddl.iter().map(|definition| definition.relation.as_str()).collect();
    let new = after.manifest().ddl.iter().filter(|definition| !old.contains(&definition.relation.as_str()));
    assert_eq!(created, new.map(|definition| definition.sql.as_str()).collect::<Vec<_>>());
}

#[test]
fn each_change_has_a_consequence_of_one_line() {
    let project = format!("{PROJECT}# sealed\n");
    let mut all = String::new();
    let mut case = |name: &str, change: &dyn Fn(&Shop)| {
        let (old, new) = (Shop::new(), Shop::new());
        for shop in [&old, &new] {
            shop.write("shop/rowkeep.yml", &project);
            let parcels = ORDERS.replace("_orders", "_parcels").replace("ORDERS", "PARCELS");
            shop.write("shop/tables/parcels.yml", parcels);
        }
        change(&new);
        let outcome = new.run(&["diff", "--against", &old.path("shop").display().to_string()]);
        assert_eq!(outcome.code, Some(0), "{name}: {outcome}");
        // The consequences come before the counts.
        let consequences: String =
            outcome.stdout.split_inclusive('\n').take_while(|line| !line.contains(" untouched")).collect();
        assert_eq!(consequences.lines().count(), 1, "{name}: {outcome}");
        all.push_str(&format!("==> {name} <==\n{consequences}"));
    };
    let orders = |shop: &Shop, from: &str, to: &str| {
        assert!(ORDERS.contains(from), "{from}");
        shop.write("shop/tables/orders.yml", ORDERS.replace(from, to));
    };
    case("retention 180 to 365 days", &|shop| orders(shop, "180 days", "365 days"));
    case("retention 180 to 90 days", &|shop| orders(shop, "180 days", "90 days"));
    case("archived rows purged", &|shop| orders(shop, "history: hist_orders", "archive: none\ntripwire: 20%"));
    case("a column added", &|shop| orders(shop, "updated_at: bigint }", "updated_at: bigint, weight: integer }"));
    case("a key widened", &|shop| {
        orders(shop, "unique_key: order_id\n", "unique_key: [order_id, updated_at]\n");
        let text = std::fs::read_to_string(shop.path("shop/tables/orders.yml")).expect("a text");
        shop.write("shop/tables/orders.yml", text.replace("rows: latest", "rows: events"));
    });
    case("a table removed", &|shop| std::fs::remove_file(shop.path("shop/tables/parcels.yml")).expect("it was there"));
    case("a table added", &|shop| {
        shop.write("shop/tables/returns.yml", ORDERS.replace("_orders", "_returns").replace("ORDERS", "RETURNS"));
    });
    case("a template overridden", &|shop| {
        let archive =
            std::fs::read_to_string(projects::root().join("templates/cycle/archive.sql.j2")).expect("a template");
        shop.write("shop/templates/cycle/archive.sql.j2", format!("{{# ours #}}\n{archive}"));
        shop.write("shop/rowkeep.yml", project.replace("# sealed", "templates: templates/"));
    });
    case("a period removed", &|shop| shop.write("shop/periods.yml", "hist_periods: [2026_h1]\n"));
    case("sealed_before moved", &|shop| {
        shop.write("shop/rowkeep.yml", project.replace("# sealed", "sealed_before: 2026-01-01"))
    });
    insta::assert_snapshot!("consequences", all);
}

#[test]
fn a_mart_that_is_updated_in_place_has_another_index() {
    let in_place = projects::golden("in_place").with_dialect(Dialect::Postgres);
    let beside = projects::golden_with("in_place", |text| text.replace("index: unique_key", "index: unique"))
        .with_dialect(Dialect::Postgres);
    let texts = |before, after| -> Vec<String> {
        let preview = diff(before, after).expect("both compile");
        preview.consequences.into_iter().map(|consequence| consequence.text).collect()
    };
    insta::assert_debug_snapshot!("in_place", texts(&beside, &in_place));
    insta::assert_debug_snapshot!("not_in_place", texts(&in_place, &beside));
}

#[test]
fn changes_since_a_commit_are_read_from_git() {
    let shop = repository();
    git(&shop, &["tag", "v1"]);
    shop.write("periods.yml", "hist_periods:\n  - 2025_h2\n  - 2026_h1\n  - 2026_h2\n");
    // The comparison includes uncommitted changes.
    let dirty = shop.run(&["diff", "--against", "v1"]);
    assert!(dirty.stdout.contains("period 2026_h2 is added"), "{dirty}");
    commit(&shop, "second");
    for against in ["v1", "HEAD~1", "main~1"] {
        assert_eq!(shop.run(&["diff", "--against", against]).stdout, dirty.stdout, "{against}");
    }
    assert_eq!(shop.run(&["diff", "--against", "main"]).stdout, "nothing changes\n");
    let tree = shop.tree();
    for (against, said) in
        [("nowhere", "no such commit, branch or tag"), ("--output=/tmp/x", ""), ("v1:shop", "no such commit")]
    {
        let outcome = shop.run(&["diff", &format!("--against={against}")]);
        assert_eq!(outcome.code, Some(2), "{outcome}");
        assert!(outcome.stderr.contains(said) && outcome.stdout.is_empty(), "{outcome}");
    }
    assert_eq!(tree, shop.tree());

    // A commit without the project, and a commit that a shallow clone lacks.
    git(&shop, &["checkout", "--quiet", "--orphan", "empty"]);
    git(&shop, &["rm", "-r", "--quiet", "--cached", "."]);
    git(&shop, &["commit", "--quiet", "--allow-empty", "-m", "nothing"]);
    git(&shop, &["checkout", "--quiet", "--force", "main"]);
    insta::assert_snapshot!(shop.run(&["diff", "--against", "empty"]), @"
    exit 2
    --- stdout
    --- stderr
    error: --against empty: that commit has no shop/rowkeep.yml
    ");
    let shallow = Shop { folder: tempfile::tempdir().expect("a folder") };
    let from = format!("file://{}", shop.path("").display());
    let cloned = Command::new("git")
        .args(["clone", "--quiet", "--depth=1", "--branch=main", &from, "."])
        .current_dir(shallow.path(""))
        .status();
    assert!(cloned.expect("git is there").success());
    insta::assert_snapshot!(shallow.run(&["diff", "--against", "v1"]), @"
    exit 2
    --- stdout
    --- stderr
    error: --against v1: this clone is shallow and does not have the commit; fetch it first, as in `git fetch --depth=1 origin v1`, or clone with full depth (actions/checkout: fetch-depth: 0)
    ");
}

/// The comment on a pull request has a limit of characters. A change of many tables would exceed
/// it.
#[test]
fn a_column_with_a_new_name_is_renamed() {
    let shop = repository();
    let orders =
        ORDERS.replace("updated_at: bigint }", "updated_at: bigint, customer: varchar(40), city: varchar(9) }");
    shop.write("shop/tables/orders.yml", &orders);
    commit(&shop, "two texts");
    shop.write("shop/tables/orders.yml", orders.replace("customer:", "customer_name:"));
    insta::assert_snapshot!(shop.run(&["diff", "--against", "HEAD"]).stdout.split("create again").next().unwrap_or_default(), @"
    ! column `customer` of mart_orders was removed: rows archived from now on would lack it [RK727]
    * mart_orders gets the column customer_name VARCHAR(40): add it to the mart and to its 2 history tables before the next cycle, or every archive fails
      9 statements changed, 227 untouched

    alter first
      DROP VIEW settlement_ods.all_hist_orders;
      DROP VIEW settlement_ods.all_hist_orders__copies;
      ALTER TABLE settlement_ods.mart_orders ADD COLUMN customer_name VARCHAR(40);
      ALTER TABLE settlement_ods.hist_orders_2025_h2 ADD COLUMN customer_name VARCHAR(40);
      ALTER TABLE settlement_ods.hist_orders_2026_h1 ADD COLUMN customer_name VARCHAR(40);
      -- DROP COLUMN deletes values. If the column only has a new name, run these in place of ADD and DROP:
      --   ALTER TABLE settlement_ods.mart_orders RENAME COLUMN customer TO customer_name;
      --   ALTER TABLE settlement_ods.hist_orders_2025_h2 RENAME COLUMN customer TO customer_name;
      --   ALTER TABLE settlement_ods.hist_orders_2026_h1 RENAME COLUMN customer TO customer_name;
      ALTER TABLE settlement_ods.mart_orders DROP COLUMN customer;
    ");
    // A column of another type is no new name.
    shop.write("shop/tables/orders.yml", orders.replace("customer: varchar(40)", "customer_name: bigint"));
    assert!(!shop.run(&["diff", "--against", "HEAD"]).stdout.contains("RENAME"));
}

#[test]
fn a_comment_is_never_too_long() {
    let tables: String = (0..200)
        .map(|i| format!("- {{ model: mart_{i}, history: hist_{i}, unique_key: id, time: {{ column: at }}, rows: latest, retention: {{ for: 90 days }}, exception: GAP_{i}, columns: {{ id: bigint, at: timestamp }} }}\n"))
        .collect();
    let now = Inputs::new(
        "rowkeep.yml",
        format!("name: large\ndialect: redshift\nschema: s\nperiods: [2025_h2]\nexceptions: x\ntables:\n{tables}"),
    );
    let Ok(Rotation::Added { inputs: next, .. }) = rotate(&now, None, None, None) else { panic!("it can be rotated") };
    let text = diff(&now, &next).expect("both compile").markdown();
    assert!(text.chars().count() <= 65_536, "{}", text.chars().count());
    assert!(
        text.contains("more statements: see `rowkeep diff`") && text.contains("200 history tables"),
        "{}",
        &text[..400]
    );
    assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
}

/// A random project: cadence, sealing, engine, and tables of every kind. The same seed gives the
/// same project.
fn random_project(seed: u64) -> String {
    let mut state = seed;
    let mut pick = |most: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).expect("31 bits") % most
    };
    let cadences: [&[&str]; 4] = [
        &["2024_h2", "2025_h1", "2025_h2", "2026_h1"],
        &["2025_q2", "2025_q3", "2025_q4"],
        &["2025_m10", "2025_m11", "2025_m12", "2026_m01"],
        &["{ name: legacy, start: 2019-01-01, end: 2024-01-01 }", "2024", "2025"],
    ];
    let periods = cadences[pick(4)];
    let from = pick(periods.len());
    let listed = periods[from..].join(", ");
    let dialect = ["redshift", "postgres", "duckdb"][pick(3)];
    let is_sealed = listed.starts_with("2024_h2") && pick(2) == 0;
    let sealed = if is_sealed { "sealed_before: 2025-07-01\n" } else { "" };
    let mut text = format!(
        "name: chance\ndialect: {dialect}\nschema: s\nperiods: [{listed}]\n{sealed}exceptions: {{ table: gaps, key: id }}\ntables:\n"
    );
    for i in 0..=pick(4) {
        let unit = ["timestamp", "timestamptz", "bigint", "date"][pick(4)];
        let time = if unit == "bigint" { "{ column: at, unit: epoch_millis }" } else { "{ column: at }" };
        let (key, rows) =
            [("id", "latest"), ("[id, at]", "events"), ("id", "events")][if i == 0 { 0 } else { pick(3) }];
        let retention = match pick(2) {
            0 if i > 0 => "{ while_in: { model: mart_0, on: { id: id } } }".to_owned(),
            _ => format!("{{ for: {} days }}", 30 + pick(400)),
        };
        let source = if pick(2) == 0 { format!("source: raw.r_{i}, ") } else { String::new() };
        text.push_str(&format!(
            "- {{ model: mart_{i}, history: hist_{i}, unique_key: {key}, time: {time}, rows: {rows}, retention: {retention}, exception: GAP_{i}, {source}columns: {{ id: bigint, at: {unit}, note: text }} }}\n"
        ));
    }
    text
}

/// Asserts that a rotation adds only statements of the new period, and widens only statements over
/// several periods. Returns false if the project cannot be rotated.
fn rotates_cleanly(name: &str, now: &Inputs) -> bool {
    let Ok(Rotation::Added { inputs: next, period, .. }) = rotate(now, None, None, None) else { return false };
    let preview = diff(now, &next).expect("both compile");
    for changed in &preview.statements {
        let is_own = changed.name.ends_with(&format!("__{period}"));
        match changed.how {
            How::Added => assert!(is_own, "{name}: {} {}", changed.model, changed.name),
            How::Widened => assert!(!is_own, "{name}: {} {}", changed.model, changed.name),
            how => panic!("{name}: {} {} is {}", changed.model, changed.name, how.as_str()),
        }
    }
    assert!(preview.created.iter().all(|relation| relation.relation.contains(&period)), "{name}");
    assert!(preview.replaced.iter().all(|relation| relation.sql.contains(&period)), "{name}");
    assert!(preview.abandoned.is_empty() && preview.count(How::Dropped) == 0, "{name}");
    true
}

#[test]
fn a_rotation_changes_no_other_statement() {
    let goldens = projects::goldens().into_iter().filter(|name| !name.starts_with("errors/"));
    let rotated = goldens.filter(|name| rotates_cleanly(name, &projects::golden(name))).count();
    assert!(rotated > 20, "{rotated}");
    for seed in 0..60 {
        let text = random_project(seed);
        let inputs = Inputs::new("rowkeep.yml", text.clone());
        if let Err(wrong) = rowkeep::compile(&inputs) {
            panic!("{}\n{text}", wrong.render(&inputs, rowkeep::Style::Plain));
        }
        assert!(rotates_cleanly(&text, &inputs), "{text}");
    }
}

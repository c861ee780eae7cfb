//! `rowkeep report`: one page that loads no other file.

use crate::projects;
use rowkeep::Inputs;
use rowkeep::report::{Options, report};

use crate::shop::Shop;

#[test]
fn the_same_project_gives_the_same_page() {
    let page = report(&projects::example(), Options::default()).expect("it compiles");
    assert_eq!(page, report(&projects::example(), Options::default()).expect("it compiles"));
    // The page fetches nothing.
    for address in ["http:", "https:", "src=", "url(", "@import", "<script"] {
        assert!(!page.contains(address), "{address}");
    }
    // The page has each statement in full, with its description.
    let artifacts = rowkeep::compile(&projects::example()).expect("it compiles");
    let shown = |text: &str| {
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;")
            .replace('\'', "&#x27;")
            .replace('/', "&#x2f;")
    };
    let nodes = artifacts.manifest().nodes.values();
    for hook in nodes.flat_map(|node| node.load.iter().chain(&node.post_hooks)) {
        let (words, sql) = hook.sql.split_once('\n').expect("a comment first");
        assert!(page.contains(&shown(sql)), "{}", hook.path);
        assert!(page.contains(&shown(words.split_once(": ").expect("words").1)), "{}", hook.path);
    }
    let today = Some("2027-01-05".parse().expect("a day"));
    let late = report(&projects::example(), Options { today, rehearsal: None }).expect("it compiles");
    assert!(late.contains("That day has passed") && late.contains("in the mart"), "the page depends on the day");
}

/// The texts of a rehearsal file are escaped in HTML.
#[test]
fn the_output_of_a_rehearsal_is_escaped() {
    let hostile = r#"{"seeds": 1, "dialect": "<script>alert(1)</script>", "ledger": [{"model": "\"><b>", "accepted": 1}], "laws": [{"law": "L1", "title": "<i>", "broken_by": [3]}]}"#;
    let page = report(&projects::example(), Options { today: None, rehearsal: Some(hostile) }).expect("it compiles");
    assert!(["<script>", "\"><b>", "<i>"].iter().all(|tag| !page.contains(tag)), "text is text");
    assert!(page.contains("&lt;script&gt;") && page.contains("✗ L1"));
    for not_json in ["", "{", "[]", "null"] {
        report(&projects::example(), Options { today: None, rehearsal: Some(not_json) }).expect("it compiles");
    }
}

#[test]
fn the_command_writes_the_page() {
    let shop = Shop::new();
    let outcome = shop.run(&["report", "--today", "2026-03-01", "-o", "page.html"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(0), "wrote page.html\n"), "{outcome}");
    let page = std::fs::read_to_string(shop.path("shop/page.html")).expect("the page");
    assert!(page.contains("<h3>mart_orders</h3>") && page.ends_with("</html>\n"));
    assert_eq!(shop.run(&["report"]).code, Some(0));
    assert!(shop.path("shop/report.html").exists());
    shop.write("shop/periods.yml", "hist_periods: []\n");
    assert!(shop.refuses(&["report"]).contains("RK207"));
    assert!(shop.refuses(&["report", "-o", "nowhere/page.html"]).contains("RK207"));
    let gone = Inputs::new("rowkeep.yml", "");
    assert!(report(&gone, Options::default()).is_err());
}

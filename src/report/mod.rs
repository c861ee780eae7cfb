//! An HTML page about a project: the timeline of its periods, the purpose of each statement, the
//! effect of the next rotation, and the result of the last rehearsal. The page fetches nothing and
//! runs no scripts.

mod timeline;

use std::fmt::Write;

use serde_json::Value;

use crate::artifacts::Artifacts;
use crate::artifacts::manifest::Hook;
use crate::check::{Day, Edges, edges};
use crate::diagnostic::Diagnostics;
use crate::diff::{Changed, Preview, Weight, diff};
use crate::features::only_when;
use crate::project::{Archive, Length, Retention, Spec, TableId};
use crate::rotate::{Rotation, rotate};
use crate::source::Inputs;

/// What a report shows in addition to the project.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReportOptions<'a> {
    /// The current day. With it, the timeline shows the rows that are in the marts. Without it, the
    /// page of a project is the same on every day.
    pub today: Option<Day>,
    /// The output of `rowkeep rehearse --format json`.
    pub rehearsal: Option<&'a str>,
}

/// Writes the page as HTML.
///
/// # Errors
///
/// The findings of the first stage that fails.
///
/// ```
/// use rowkeep::{Inputs, ReportOptions, report};
///
/// let inputs = Inputs::new("rowkeep.yml", "name: shop\ndialect: duckdb\nschema: s\nperiods: [2025]\nexceptions: x\ntables:\n- {model: mart, history: hist, unique_key: id, time: {column: day}, rows: latest, retention: {for: 90 days}, exception: GAP, columns: {id: bigint, day: date}}\n");
/// let page = report(&inputs, ReportOptions::default()).unwrap();
/// assert!(page.starts_with("<!doctype html>") && page.contains("until 2026-04-01"));
/// ```
pub fn report(inputs: &Inputs, options: ReportOptions<'_>) -> Result<String, Diagnostics> {
    let spec = crate::resolve(inputs)?;
    let artifacts = crate::compile_spec(&spec, inputs)?;
    let edges = edges(&spec);
    let mut page = Page(String::new());
    page.head(&spec);
    page.figures(&artifacts);
    page.horizon(&edges, options.today);
    page.loads(&artifacts);
    if !spec.tables.is_empty() {
        page.line("<h2>Tables</h2>");
    }
    for ((id, _), edges) in spec.tables().zip(&edges) {
        page.table(&spec, id, &artifacts, edges, options.today);
    }
    // A project that cannot be rotated still has a report.
    if let Ok(Rotation::Added { inputs: next, period, .. }) = rotate(inputs, None, None)
        && let Ok(preview) = diff(inputs, &next)
    {
        page.rotation(&period, &preview);
    }
    if let Some(rehearsal) = options.rehearsal.and_then(|text| serde_json::from_str(text).ok()) {
        page.rehearsal(&rehearsal);
    }
    page.line("</main>\n</body>\n</html>");
    Ok(page.0)
}

/// Escapes a text for HTML, in elements and in attributes.
///
/// Invariant: every text that comes from a project is escaped by this function.
fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

fn day(day: Option<Day>) -> String {
    day.map_or_else(|| "the year 9999".to_owned(), |day| day.to_string())
}

struct Page(String);

impl Page {
    fn line(&mut self, html: &str) {
        self.0.push_str(html);
        self.0.push('\n');
    }

    fn head(&mut self, spec: &Spec) {
        let name = shown(&spec.name);
        self.line("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">");
        self.line("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
        self.line("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">");
        self.line("<link rel=\"icon\" href=\"data:,\">");
        self.line(&format!("<title>{name}: retention</title>"));
        self.line(&format!("<style>\n{}</style>\n</head>\n<body>\n<main>", include_str!("style.css")));
        self.line(&format!(
            "<h1>{name}</h1>\n<p class=\"soft\">Retention, compiled for {} by Rowkeep.</p>",
            spec.dialect
        ));
    }

    fn figures(&mut self, artifacts: &Artifacts) {
        let manifest = artifacts.manifest();
        let cycle: usize = manifest.nodes.values().map(|node| node.load.len() + node.post_hooks.len()).sum();
        let night: usize = manifest.sweep.iter().map(|sweep| sweep.post_hooks.len()).sum();
        let open = manifest.periods.iter().filter(|period| period.state == "open").count();
        self.line("<ul class=\"figures\">");
        for (figure, what) in [
            (manifest.nodes.len(), "tables"),
            (manifest.periods.len(), "periods"),
            (open, "of them open"),
            (cycle, "statements a cycle"),
            (night, "statements a night"),
            (manifest.ddl.len(), "relations"),
        ] {
            self.line(&format!("<li><b>{figure}</b> {what}</li>"));
        }
        self.line("</ul>");
    }

    fn loads(&mut self, artifacts: &Artifacts) {
        let loads = &artifacts.manifest().loads;
        if loads.is_empty() {
            return;
        }
        self.line("<h2>Loads</h2>\n<ul>");
        for load in loads {
            let into = load.into.as_ref().map_or_else(String::new, |into| format!(", and computes {}", shown(into)));
            let (name, source) = (shown(&load.name), shown(&load.source));
            self.line(&format!("<li><strong>{name}</strong> reads {source}{into}.</li>"));
        }
        self.line("</ul>");
    }

    fn horizon(&mut self, edges: &[Edges], today: Option<Day>) {
        let archived = edges.iter().filter(|edge| edge.has_periods);
        let Some(first) = archived.min_by_key(|edge| edge.horizon) else { return };
        let left = today.zip(first.horizon).map(|(today, horizon)| horizon.days_since(today));
        let (class, rest) = match left {
            Some(left) if left <= 0 => {
                ("note warn", " That day has passed: due rows stay in their marts and are reported.".to_owned())
            }
            Some(left) if left <= 60 => ("note warn", format!(" That is in {left} days.")),
            Some(left) => ("note", format!(" That is in {left} days.")),
            None => ("note", String::new()),
        };
        self.line(&format!(
            "<p class=\"{class}\">Due rows have a period until <strong>{}</strong>.{rest} Rows older than {} have none.</p>",
            day(first.horizon),
            day(first.lower_edge)
        ));
    }

    fn table(&mut self, spec: &Spec, id: TableId, artifacts: &Artifacts, edges: &Edges, today: Option<Day>) {
        let table = spec.table(id);
        let model = table.model.value.as_str();
        let stays = match &table.retention {
            Retention::For { length: Length::Seconds(0), .. } => "Rows stay until they expire".to_owned(),
            Retention::For { length, .. } => format!("Rows stay {length}"),
            Retention::WhileIn { parent, .. } => {
                format!("Rows stay while their key is in {}", spec.table(*parent).model.value.as_str())
            }
        };
        let goes = match &table.archive {
            Archive::Periods(history) => {
                format!("they move to <code>{}_&lt;period&gt;</code>", shown(&history.sql(spec.dialect)))
            }
            Archive::One(history) => format!("they move to <code>{}</code>", shown(&history.sql(spec.dialect))),
            Archive::None => "they are deleted for good".to_owned(),
        };
        let leave = match only_when::describe(table) {
            Some(conditions) => format!("if {}, {goes}", shown(&conditions)),
            None => goes,
        };
        let until = if !table.has_periods() {
            String::new()
        } else {
            format!(" Due rows have a period until {}.", day(edges.horizon))
        };
        let key: Vec<_> = table.unique_key.iter().map(|&column| table.column(column).name.as_str()).collect();
        self.line(&format!("<section class=\"table\" id=\"{0}\">\n<h3>{0}</h3>", shown(model)));
        self.line(&format!(
            "<p class=\"soft\">{}, by <code>{}</code>. Then {leave}. Key: <code>{}</code>.{until}</p>",
            shown(&stays),
            shown(table.column(table.time.column).name.as_str()),
            shown(&key.join(", ")),
        ));
        if table.has_periods() {
            self.line("<div class=\"wide\">");
            self.line(&timeline::svg(spec, table, edges, today));
            self.line("</div>");
        }
        let manifest = artifacts.manifest();
        if let Some(node) = manifest.nodes.values().find(|node| node.name == model) {
            self.steps("Each cycle", &mut node.load.iter().chain(&node.post_hooks));
        }
        if let Some(sweep) = manifest.sweep.iter().find(|sweep| sweep.model == model) {
            self.steps("Each night", &mut sweep.post_hooks.iter());
        }
        self.line("</section>");
    }

    fn steps(&mut self, title: &str, hooks: &mut dyn Iterator<Item = &Hook>) {
        let hooks: Vec<_> = hooks.collect();
        self.line(&format!("<details><summary>{title}: {} statements</summary>\n<ol class=\"steps\">", hooks.len()));
        for hook in hooks {
            let (words, sql) = hook.sql.split_once('\n').unwrap_or(("", &hook.sql));
            let words = words.strip_prefix("-- ").and_then(|line| line.split_once(": ")).map_or("", |(_, words)| words);
            self.line(&format!(
                "<li><details><summary><code>{}</code>{}</summary>\n<pre>{}</pre></details></li>",
                shown(&hook.name),
                shown(words),
                shown(sql)
            ));
        }
        self.line("</ol></details>");
    }

    fn rotation(&mut self, period: &str, preview: &Preview) {
        self.line(&format!("<h2>The next rotation: {}</h2>", shown(period)));
        self.line(&format!("<p>{}.</p>\n<ul>", shown(&preview.numbers())));
        for consequence in &preview.consequences {
            let class = if consequence.weight == Weight::Destructive { " class=\"bad\"" } else { "" };
            self.line(&format!("<li{class}>{}</li>", shown(&consequence.text)));
        }
        for flow in &preview.flows {
            let from = flow.from.as_deref().unwrap_or("never");
            self.line(&format!(
                "<li>from {from} on, due rows of {} go to {}</li>",
                shown(&flow.model),
                shown(&flow.to)
            ));
        }
        self.line("</ul>");
        for changes in preview.statements.chunk_by(|one, next| one.model == next.model) {
            self.line(&format!(
                "<details><summary>{}: {} statements</summary>\n<ol class=\"steps\">",
                shown(&changes[0].model),
                changes.len()
            ));
            changes.iter().for_each(|changed| self.changed(changed));
            self.line("</ol></details>");
        }
    }

    fn changed(&mut self, changed: &Changed) {
        let runs = match changed.runs {
            "load" | "cycle" => String::new(),
            "sweep" => "each night, ".to_owned(),
            other => format!("{other}, "),
        };
        self.line(&format!(
            "<li><details><summary><code>{runs}{}</code>{}: {}</summary>",
            shown(&changed.name),
            changed.how.as_str(),
            shown(&changed.words)
        ));
        self.0.push_str("<pre>");
        for text in crate::diff::hunks(changed) {
            let class = match text.chars().next() {
                Some('+') => " class=\"add\"",
                Some('-') => " class=\"drop\"",
                _ => "",
            };
            let _ = writeln!(self.0, "<span{class}>{}</span>", shown(&text));
        }
        self.line("</pre></details></li>");
    }

    fn rehearsal(&mut self, report: &Value) {
        let number = |value: &Value| value.as_u64().map_or_else(String::new, |number| number.to_string());
        self.line("<h2>The last rehearsal</h2>");
        self.line(&format!(
            "<p>{} stories on {}, with {} cycles each: {} rows delivered, {} statements run, {} stops.</p>",
            number(&report["seeds"]),
            shown(report["dialect"].as_str().unwrap_or_default()),
            number(&report["cycles"]),
            number(&report["done"]["deliveries"]),
            number(&report["done"]["statements"]),
            number(&report["done"]["stops"]),
        ));
        self.line("<div class=\"wide\"><table><thead><tr><th>table</th>");
        let columns = ["accepted", "in_mart", "superseded", "archived", "purged", "held", "restored"];
        columns.iter().for_each(|column| self.line(&format!("<th class=\"number\">{}</th>", column.replace('_', " "))));
        self.line("</tr></thead><tbody>");
        for ledger in report["ledger"].as_array().into_iter().flatten() {
            self.line(&format!("<tr><td>{}</td>", shown(ledger["model"].as_str().unwrap_or_default())));
            for column in columns {
                let figure = match &ledger[column] {
                    Value::Array(periods) => {
                        periods.iter().filter_map(|period| period["rows"].as_u64()).sum::<u64>().to_string()
                    }
                    other => number(other),
                };
                self.line(&format!("<td class=\"number\">{figure}</td>"));
            }
            self.line("</tr>");
        }
        self.line("</tbody></table></div>\n<h3>Laws</h3>\n<ul class=\"laws\">");
        for law in report["laws"].as_array().into_iter().flatten() {
            let broken = law["broken_by"].as_array().map_or(0, Vec::len);
            let (class, mark) = if broken == 0 { ("good", "✓") } else { ("bad", "✗") };
            self.line(&format!(
                "<li class=\"{class}\">{mark} {} {}</li>",
                shown(law["law"].as_str().unwrap_or_default()),
                shown(law["title"].as_str().unwrap_or_default())
            ));
        }
        self.line("</ul>");
    }
}

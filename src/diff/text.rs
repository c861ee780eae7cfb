//! Writes a preview as text for a terminal, and as a comment on a pull request.

use std::fmt::Write;

use similar::TextDiff;

use crate::diagnostic::Style;
use crate::diff::{Alteration, Changed, EdgeChange, How, Preview, Weight};

/// The maximum length of a comment, in characters, with room for text that the poster adds.
/// GitHub accepts 65,536 characters: <https://github.com/orgs/community/discussions/27190>.
const COMMENT: usize = 65_000;

/// The first line of a comment, by which a program finds the comment to update it.
pub const MARKER: &str = "<!-- rowkeep diff -->";

impl Preview {
    /// The preview for a terminal: first the summary, then the difference of each statement.
    pub fn render(&self, style: Style) -> String {
        let paint = Paint(style == Style::Coloured);
        let mut out = String::new();
        if self.is_empty() {
            return "nothing changes\n".to_owned();
        }
        for consequence in &self.consequences {
            let (mark, colour) = match consequence.weight {
                Weight::Destructive => ("!", RED),
                Weight::Notable => ("*", YELLOW),
                Weight::Plain => (" ", ""),
            };
            let code = consequence.code.map_or_else(String::new, |code| format!(" [{code}]"));
            line(&mut out, &paint.on(colour, &format!("{mark} {}{code}", consequence.text)));
        }
        line(&mut out, &format!("  {}", self.numbers()));
        section(&mut out, &paint, "rows start to flow", self.flows.iter().map(flow));
        section(&mut out, &paint, "due rows have a period", self.edges.iter().map(edge));
        let altered = self.altered.iter().flat_map(altered);
        section(&mut out, &paint, "alter first", altered);
        let created = self.created.iter().map(|relation| format!("{:10}  {}", relation.kind, relation.relation));
        section(&mut out, &paint, "create first", created);
        let replaced = self.replaced.iter().map(|relation| format!("{:10}  {}", relation.kind, relation.relation));
        section(&mut out, &paint, "create again", replaced);
        let abandoned = self.abandoned.iter().map(|relation| format!("{:10}  {}", relation.kind, relation.relation));
        section(&mut out, &paint, "no longer used; no statement drops them", abandoned);
        let mut model = "";
        for changed in &self.statements {
            if changed.model != model {
                model = &changed.model;
                line(&mut out, &format!("\n{}", paint.on(BOLD, model)));
            }
            let (mark, colour) = mark(changed.how);
            line(&mut out, &paint.on(colour, &format!("{mark} {}", heading(changed))));
            for text in hunks(changed) {
                let colour = match text.chars().next() {
                    Some('+') => GREEN,
                    Some('-') => RED,
                    _ => "",
                };
                line(&mut out, &format!("    {}", paint.on(colour, &text)));
            }
        }
        out
    }

    /// The preview as a comment on a pull request: the summary, then the statements, folded.
    /// Statements that do not fit into a comment are left out.
    pub fn markdown(&self) -> String {
        let mut out = format!("{MARKER}\n");
        if self.is_empty() {
            return out + "Rowkeep: nothing changes.\n";
        }
        line(&mut out, &format!("### Rowkeep: {}\n", self.numbers()));
        for consequence in &self.consequences {
            let text = escaped(&consequence.text);
            line(
                &mut out,
                &match (consequence.weight, consequence.code) {
                    (Weight::Destructive, Some(code)) => format!("- **{text}** ({code})"),
                    (Weight::Destructive, None) => format!("- **{text}**"),
                    _ => format!("- {text}"),
                },
            );
        }
        table(
            &mut out,
            "Rows start to flow",
            &["model", "from", "to"],
            self.flows.iter().map(|flow| {
                let from = flow.from.clone().unwrap_or_else(|| "never".to_owned());
                vec![flow.model.clone(), from, flow.to.clone()]
            }),
        );
        table(
            &mut out,
            "Due rows have a period",
            &["model", "before", "after"],
            self.edges.iter().map(|edge| {
                let [old, new] = spans(edge);
                vec![edge.model.clone(), old, new]
            }),
        );
        if !self.altered.is_empty() {
            line(&mut out, "\n**Alter first**\n\n```sql");
            let mut room = COMMENT / 2;
            for text in self.altered.iter().flat_map(altered) {
                if text.len() > room {
                    line(&mut out, "-- and more: see `rowkeep diff`");
                    break;
                }
                room -= text.len();
                line(&mut out, &text);
            }
            out.push_str("```\n");
        }
        table(
            &mut out,
            "Create first",
            &["kind", "relation"],
            self.created.iter().map(|relation| vec![relation.kind.to_owned(), relation.relation.clone()]),
        );
        table(
            &mut out,
            "Create again",
            &["kind", "relation"],
            self.replaced.iter().map(|relation| vec![relation.kind.to_owned(), relation.relation.clone()]),
        );
        table(
            &mut out,
            "No longer used; no statement drops them",
            &["kind", "relation"],
            self.abandoned.iter().map(|relation| vec![relation.kind.to_owned(), relation.relation.clone()]),
        );
        let (mut left_out, mut model) = (0, "");
        for changed in &self.statements {
            let mut block = String::new();
            if changed.model != model {
                model = &changed.model;
                line(&mut block, &format!("\n#### {}", escaped(model)));
            }
            let title = escaped(&heading(changed));
            line(
                &mut block,
                &format!("\n<details><summary><code>{} {title}</code></summary>\n\n```diff", mark(changed.how).0),
            );
            hunks(changed).iter().for_each(|text| line(&mut block, &text.replace("```", "` ` `")));
            block.push_str("```\n\n</details>\n");
            // The limit keeps room for the last line, which counts the statements that are left
            // out.
            if left_out > 0 || out.chars().count() + block.chars().count() > COMMENT - 200 {
                left_out += 1;
            } else {
                out.push_str(&block);
            }
        }
        if left_out > 0 {
            line(&mut out, &format!("\n{left_out} more statements: see `rowkeep diff` on the command line."));
        }
        // In a project of a thousand tables, the consequences alone can be too long.
        if out.chars().count() > COMMENT {
            out = out.chars().take(COMMENT).collect::<String>() + "\n\n... see `rowkeep diff` on the command line.\n";
        }
        out
    }

    /// The numbers of relations and statements that change, in one line.
    pub fn numbers(&self) -> String {
        let kinds = [
            ("history", "history table"),
            ("mart", "mart"),
            ("exceptions", "exceptions table"),
            ("work", "work table"),
            ("view", "view"),
        ];
        let mut parts = Vec::new();
        for (sign, relations) in [("+", &self.created), ("-", &self.abandoned)] {
            for (kind, name) in kinds {
                let count = relations.iter().filter(|relation| relation.kind == kind).count();
                if count > 0 {
                    parts.push(format!("{sign}{count} {name}{}", if count == 1 { "" } else { "s" }));
                }
            }
        }
        let statements = [How::Added, How::Dropped, How::Widened, How::Narrowed, How::Changed];
        let counted = statements.map(|how| (how, self.count(how))).into_iter().filter(|(_, count)| *count > 0);
        parts
            .extend(counted.map(|(how, count)| {
                format!("{count} statement{} {}", if count == 1 { "" } else { "s" }, how.as_str())
            }));
        parts.push(format!("{} untouched", self.untouched));
        parts.join(", ")
    }
}

fn line(out: &mut String, text: &str) {
    out.push_str(text.trim_end());
    out.push('\n');
}

fn section(out: &mut String, paint: &Paint, title: &str, lines: impl Iterator<Item = String>) {
    let mut lines = lines.peekable();
    if lines.peek().is_some() {
        line(out, &format!("\n{}", paint.on(BOLD, title)));
        lines.for_each(|text| line(out, &format!("  {text}")));
    }
}

fn table(out: &mut String, title: &str, head: &[&str], rows: impl Iterator<Item = Vec<String>>) {
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        return;
    }
    line(out, &format!("\n**{title}**\n\n| {} |\n|{}", head.join(" | "), "---|".repeat(head.len())));
    for row in rows {
        let cells: Vec<_> =
            row.iter().map(|cell| format!("`{}`", cell.replace('`', "'").replace('|', "\\|"))).collect();
        line(out, &format!("| {} |", cells.join(" | ")));
    }
}

/// Escapes a text so that Markdown shows it unchanged.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // Markdown would read the underscores of names as emphasis, and `@` as a mention of a
            // user.
            '_' | '*' | '`' | '[' | ']' | '|' | '@' => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

/// A statement. Before DROP COLUMN: what to run if the column only has a new name.
fn altered(alteration: &Alteration) -> Vec<String> {
    let mut lines = Vec::new();
    if !alteration.renames.is_empty() {
        lines.push(
            "-- DROP COLUMN deletes values. If the column only has a new name, run these in place of ADD and DROP:"
                .to_owned(),
        );
        lines.extend(alteration.renames.iter().map(|sql| format!("--   {sql};")));
    }
    lines.push(format!("{};", alteration.sql));
    lines
}

fn flow(flow: &crate::diff::Flow) -> String {
    let from = flow.from.as_deref().unwrap_or("never");
    format!("{from}  {}: due rows of {} go to {}", flow.model, flow.period, flow.to)
}

fn edge(edge: &EdgeChange) -> String {
    let [old, new] = spans(edge);
    format!("{}: {old} before, {new} after", edge.model)
}

/// The edges before and after, in words. The lower edge is named only if it changes.
fn spans(edge: &EdgeChange) -> [String; 2] {
    let shown = |day: &Option<String>| day.clone().unwrap_or_else(|| "the year 9999".to_owned());
    let span = |lower: &Option<String>, horizon: &Option<String>, other: &Option<String>| {
        let until = format!("until {}", shown(horizon));
        if lower == other { until } else { format!("rows from {} on, {until}", shown(lower)) }
    };
    [
        span(&edge.lower_edge_before, &edge.horizon_before, &edge.lower_edge_after),
        span(&edge.lower_edge_after, &edge.horizon_after, &edge.lower_edge_before),
    ]
}

fn mark(how: How) -> (&'static str, &'static str) {
    match how {
        How::Added => ("+", GREEN),
        How::Dropped => ("-", RED),
        How::Widened | How::Narrowed | How::Changed => ("~", YELLOW),
    }
}

/// The name of a statement, and its difference in words.
fn heading(changed: &Changed) -> String {
    let runs = match changed.runs {
        "load" | "cycle" => String::new(),
        other => format!("{other} "),
    };
    format!("{runs}{}  {}: {}", changed.name, changed.how.as_str(), changed.words)
}

/// The lines of a unified diff, with equal lines folded.
pub(crate) fn hunks(changed: &Changed) -> Vec<String> {
    // Both texts end with a line break, so that a last line equals the same line in the middle.
    let ended = |text: &Option<String>| text.as_ref().map_or_else(String::new, |text| format!("{text}\n"));
    let (before, after) = (ended(&changed.before), ended(&changed.after));
    let diff = TextDiff::from_lines(&before, &after);
    let mut lines = Vec::new();
    for (nth, group) in diff.grouped_ops(1).iter().enumerate() {
        if nth > 0 {
            lines.push("...".to_owned());
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            lines.push(format!("{}{}", change.tag(), change.value().trim_end()));
        }
    }
    lines
}

const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";
const BOLD: &str = "1";

struct Paint(bool);

impl Paint {
    fn on(&self, colour: &str, text: &str) -> String {
        if self.0 && !colour.is_empty() { format!("\u{1b}[{colour}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

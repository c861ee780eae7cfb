//! Templates in which each condition holds and each loop has an item, so that a statement behind
//! `{% if target.name == 'production' %}` is read too.

/// Words without which no statement of a template can delete rows.
const VERBS: [&str; 5] = ["delete", "truncate", "merge", "drop ", "overwrite"];

/// The text with each condition true, and with an item for each loop. Each line keeps its number.
/// `None` if the text has neither, or cannot delete rows.
pub(in crate::lint) fn forced(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    if !VERBS.iter().any(|verb| lower.contains(verb)) {
        return None;
    }
    let (mut out, mut copied, mut read) = (String::with_capacity(text.len()), 0, 0);
    for (at, _) in text.match_indices("{%") {
        // A tag that begins inside of another one is a part of a string.
        if at < read {
            continue;
        }
        let Some(close) = text[at + 2..].find("%}").map(|end| at + 2 + end) else { break };
        read = close;
        let inside = text[at + 2..close].trim_end_matches(['-', '+']);
        let tag = inside.trim_start_matches(['-', '+']).trim_start();
        let end = at + 2 + inside.len();
        let lines = |part: &str| "\n".repeat(part.matches('\n').count());
        if let Some(condition) = tag.strip_prefix("if ") {
            if is_kept(condition, &text[close + 2..]) {
                continue;
            }
            out.push_str(&text[copied..end - tag.len()]);
            out.push_str(&format!("if true {}", lines(tag)));
            copied = end;
        } else if let Some((item, items)) = tag.strip_prefix("for ").and_then(|rest| rest.split_once(" in ")) {
            // `a if b else c` is one list, and `a if b` is a list with a filter.
            let all = if items.contains(" else ") { items } else { items.split(" if ").next().unwrap_or(items) };
            if item.contains(',') || items.contains("recursive") {
                continue;
            }
            let all = all.trim_end();
            out.push_str(&text[copied..end - items.len()]);
            out.push_str(&format!("rowkeep_items({all}) {}", lines(&items[all.len()..])));
            copied = end;
        }
    }
    out.push_str(&text[copied..]);
    (copied > 0).then_some(out)
}

/// Whether a condition stays: that of a full refresh, which loads its table anew, and those of
/// branches that end a macro.
fn is_kept(condition: &str, branch: &str) -> bool {
    let branch = branch.split("{%").next().unwrap_or_default();
    let words = condition.to_ascii_lowercase();
    let is_refresh = words.contains("full_refresh") && !words.contains("not ");
    is_refresh || words.contains("not execute") || branch.contains("return(")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_hold_and_loops_have_an_item() {
        let cases = [
            ("{% for r in results if r.ok %}truncate", "{% for r in rowkeep_items(results) %}truncate"),
            ("{% if not flags.FULL_REFRESH %}delete", "{% if true %}delete"),
            ("{% if flags.FULL_REFRESH %}delete", "{% if flags.FULL_REFRESH %}delete"),
            ("{% if a == 1 %}delete{% endif %}", "{% if true %}delete{% endif %}"),
            ("{%- if a\n  and b -%}delete", "{%- if true \n-%}delete"),
            ("{% for t in var('x', []) %}truncate", "{% for t in rowkeep_items(var('x', [])) %}truncate"),
            (
                "{% if not execute %}{{ return('') }}{% endif %}delete",
                "{% if not execute %}{{ return('') }}{% endif %}delete",
            ),
            ("{% if a %}select 1{% endif %}", "{% if a %}select 1{% endif %}"),
            ("{%}{% if a %}delete", "{%}{% if a %}delete"),
            ("{%%}{% if a %}delete", "{%%}{% if true %}delete"),
            ("{% if {% if a %}delete", "{% if true %}delete"),
            ("{% for x in {% for y in z %}delete{%", "{% for x in rowkeep_items({% for y in z) %}delete{%"),
        ];
        for (text, expected) in cases {
            assert_eq!(forced(text).as_deref().unwrap_or(text), expected);
        }
        // Each tag is searched for its end once.
        let open = "{%".repeat(500_000);
        assert_eq!(forced(&format!("delete{open}%}}")), None);
    }
}

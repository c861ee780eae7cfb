//! `-- rowkeep: allow(<rule>) <reason>` before a statement, or in it.

use std::collections::BTreeMap;

use crate::diagnostic::Code;
use crate::lint::rules::Finding;

/// How many lines after the comment a finding may be.
const REACH: usize = 40;

/// An allowed rule.
struct Allowed {
    line: usize,
    rule: String,
    has_reason: bool,
    is_used: bool,
}

/// Removes the findings that comments allow, and adds one for each comment that allows nothing or
/// has no reason. `comments` has the comments by their lines.
pub(super) fn apply(found: Vec<Finding>, comments: &BTreeMap<usize, String>) -> Vec<Finding> {
    let mut all: Vec<Allowed> = comments.iter().flat_map(|(&line, text)| read(line, text)).collect();
    let mut kept = Vec::with_capacity(found.len());
    for finding in found {
        let names = |allowed: &Allowed| {
            Some(allowed.rule.as_str()) == finding.code.rule() || allowed.rule == finding.code.as_str()
        };
        let near = |allowed: &&mut Allowed| allowed.line <= finding.line && finding.line - allowed.line <= REACH;
        match all.iter_mut().filter(near).rfind(|allowed| names(allowed)) {
            Some(allowed) => allowed.is_used = true,
            None => kept.push(finding),
        }
    }
    for allowed in all {
        let rule = &allowed.rule;
        if !allowed.is_used {
            kept.push(Finding {
                code: Code::UnusedAllow,
                line: allowed.line,
                message: format!("`allow({rule})` allows nothing: the rule finds nothing in the statement after it"),
                label: "not needed",
                help: "remove the comment".to_owned(),
            });
        } else if !allowed.has_reason {
            kept.push(Finding {
                code: Code::AllowWithoutReason,
                line: allowed.line,
                message: format!("`allow({rule})` has no reason: nobody will know whether it still holds"),
                label: "why?",
                help: format!("write `-- rowkeep: allow({rule}) <reason>`"),
            });
        }
    }
    kept
}

fn read(line: usize, comment: &str) -> Vec<Allowed> {
    let mut all = Vec::new();
    for (nth, text) in comment.lines().enumerate() {
        let Some((_, rest)) = text.split_once("rowkeep: allow(") else { continue };
        let Some((rules, reason)) = rest.split_once(')') else { continue };
        // In a block, the reason may go on after the line.
        let block = comment.starts_with("/*").then(|| comment.lines().skip(nth + 1).collect::<String>());
        let reason = format!("{reason}{}", block.unwrap_or_default());
        let has_reason = reason.trim().trim_end_matches("*/").trim().len() > 2;
        let each = rules.split(',').map(str::trim).filter(|rule| !rule.is_empty());
        all.extend(each.map(|rule| Allowed { line: line + nth, rule: rule.to_owned(), has_reason, is_used: false }));
    }
    all
}

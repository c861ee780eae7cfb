//! The diagnostics for statements that are refused.

use crate::cycle::render::Origin;
use crate::diagnostic::{Code, Diagnostic, TextPlace};
use crate::source::line_range;
use crate::verify::compare::{Gap, Kind};
use crate::verify::lower::Unshown;
use crate::verify::meaning::Role;

/// The reason why a statement is refused.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) code: Code,
    /// The message after the name of the statement.
    what: String,
    line: Option<usize>,
    label: String,
    pub(super) help: Vec<String>,
}

impl Refusal {
    pub(super) fn new(code: Code, what: impl Into<String>, line: Option<usize>, label: impl Into<String>) -> Self {
        Self { code, what: what.into(), line, label: label.into(), help: Vec::new() }
    }

    /// A refusal of a form that `lower` does not understand.
    pub(super) fn unshown(unshown: Unshown) -> Self {
        let line = (unshown.line > 0).then_some(unshown.line);
        if unshown.code != Code::Unshown {
            let mut refusal = Self::new(unshown.code, unshown.what, line, "here");
            refusal.help.extend(edit(unshown.code).map(str::to_owned));
            return refusal;
        }
        let what = format!("cannot be proven to do what its step claims: it has {}", unshown.what);
        let mut refusal = Self::new(unshown.code, what, line, "at this line or after it");
        refusal.help.push("use the forms of the built-in template".to_owned());
        refusal
    }

    pub(super) fn gap(gap: Gap) -> Self {
        let subject = gap.role.map(subject);
        let noun = match (gap.part, gap.role) {
            (Some(part), Some(role)) => format!("{} in {}", self::subject(part).noun, self::subject(role).noun),
            (_, role) => role.map(|role| self::subject(role).noun).unwrap_or_default().to_owned(),
        };
        let (code, what) = match (gap.kind, subject) {
            (Kind::Missing, Some(it)) => (it.code, format!("lacks {noun}: {}", it.consequence)),
            (Kind::Different, Some(it)) => {
                (it.code, format!("has another form of {noun} than its step: {}", it.consequence))
            }
            (Kind::Extra, Some(it)) => (it.code, format!("adds a condition to {noun}: {}", it.consequence)),
            (Kind::Missing, None) => (Code::OtherCondition, "lacks a condition of its step".to_owned()),
            (Kind::Different | Kind::Extra, None) => (
                Code::OtherCondition,
                "has a condition that its step does not have: rows that must move could stay".to_owned(),
            ),
            (Kind::Columns, _) => {
                (Code::Columns, "writes other values than its step: a copy could differ from its row".to_owned())
            }
            (Kind::Readers, _) => {
                (Code::WrongEffect, "grants to other readers than `grants:` of the table spec".to_owned())
            }
            (Kind::Rows, _) => {
                (Code::Unshown, "cannot be proven to do what its step claims: it has other sources of rows".to_owned())
            }
        };
        let label = match gap.kind {
            Kind::Missing if gap.line == 0 => "this statement lacks the condition",
            Kind::Missing => "the condition belongs here",
            _ => "differs from the claim of the step",
        };
        let mut refusal = Self::new(code, what, (gap.line > 0).then_some(gap.line), label);
        if !gap.expected.is_empty() {
            refusal.help.push(format!("expected: {}", gap.expected));
        }
        if !gap.found.is_empty() {
            refusal.help.push(format!("found: {}", gap.found));
        }
        if let Some(it) = gap.role.map(self::subject) {
            refusal.help.push(format!("this condition keeps {}", it.laws));
        }
        refusal
    }

    /// The offset of the reported line in the statement.
    pub(super) fn start(&self, sql: &str) -> usize {
        line_range(sql, self.line.unwrap_or(FIRST_LINE)).start
    }

    /// The diagnostic. It shows the rendered line, and the line of the template that it comes from.
    pub(super) fn diagnose(self, name: &str, sql: &str, template: &str, origin: Option<Origin>) -> Diagnostic {
        let place = TextPlace::new(format!("{name}.sql"), sql, line_range(sql, self.line.unwrap_or(FIRST_LINE)));
        let mut diagnostic = Diagnostic::in_text(self.code, format!("{name} {}", self.what), place, self.label);
        for help in self.help {
            diagnostic = diagnostic.help(help);
        }
        match origin {
            Some(origin) => {
                diagnostic.also_in_text(TextPlace::new(origin.name, origin.source, origin.range), origin.label)
            }
            None => diagnostic.help(format!("the statement comes from templates/{template}")),
        }
    }
}

/// The edit that corrects the statement, if it is always the same.
fn edit(code: Code) -> Option<&'static str> {
    match code {
        Code::NotIn => Some("write NOT EXISTS, and compare the columns inside it"),
        Code::Between => Some("write `>=` the start and `<` the end: periods are half-open"),
        Code::Unconditional => Some("add a WHERE; to empty a work table, write WHERE TRUE"),
        Code::Columns => Some("list the columns: `({{ columns|name }})` and `SELECT {{ columns|of(\"m\") }}`"),
        _ => None,
    }
}

/// The first line of a statement after its comment.
const FIRST_LINE: usize = 2;

/// The text of a message about conditions of one purpose.
struct Subject {
    code: Code,
    noun: &'static str,
    consequence: &'static str,
    laws: &'static str,
}

fn subject(role: Role) -> Subject {
    match role {
        Role::Key => Subject {
            code: Code::Key,
            noun: "the comparison or test of the whole key",
            consequence: "different rows could be confused, or a row without a key could move",
            laws: "laws L9 (incomplete rows stay) and L1 (nothing lost)",
        },
        Role::Bounds => Subject {
            code: Code::Bounds,
            noun: "the period's bounds",
            consequence: "a row could go to the history table of another period, or to none",
            laws: "law L3 (routed)",
        },
        Role::Due => Subject {
            code: Code::Due,
            noun: "the test that the row is due",
            consequence: "a row could leave the mart too early or too late",
            laws: "laws L8 (not early) and L5 (bounded)",
        },
        Role::Held => Subject {
            code: Code::Held,
            noun: "the test that no exception holds the row",
            consequence: "a held row could move, or a row could be reported twice",
            laws: "laws L8 (not early) and L6 (reported)",
        },
        Role::Guard => Subject {
            code: Code::Guard,
            noun: "the guard against rows that are already there",
            consequence: "a row could be written twice when the statement runs again",
            laws: "law L2 (nothing twice)",
        },
        Role::Copy => Subject {
            code: Code::Proof,
            noun: "the proof that an equal row exists elsewhere",
            consequence: "the last copy of a row could be deleted",
            laws: "law L1 (nothing lost)",
        },
        Role::Unlisted => Subject {
            code: Code::Proof,
            noun: "the test that the row is not in the list of stale rows",
            consequence: "another cycle at the same time could delete the last copy of a row",
            laws: "law L1 (nothing lost)",
        },
        Role::Version => Subject {
            code: Code::Version,
            noun: "the comparison of versions",
            consequence: "an older version could stay in place of a newer one",
            laws: "law L4 (nothing stale)",
        },
        Role::Newest => Subject {
            code: Code::Version,
            noun: "the selection of one row of each key",
            consequence: "an older version, or several rows of a key, could be selected",
            laws: "laws L4 (nothing stale) and L2 (nothing twice)",
        },
        Role::Parent => Subject {
            code: Code::Parent,
            noun: "the test of the parent",
            consequence: "a row could be separated from its parent",
            laws: "laws L7 (joined) and L8 (not early)",
        },
        Role::Touched => Subject {
            code: Code::Parent,
            noun: "the selection of the keys of the batches",
            consequence: "a key that returned could be missed",
            laws: "laws L4 (nothing stale) and L7 (joined)",
        },
        Role::Accepted => Subject {
            code: Code::Accepted,
            noun: "the selection of the accepted raw rows",
            consequence: "the load could miss rows, or take rows that the mart rejects",
            laws: "law L1 (nothing lost)",
        },
        Role::Exception => Subject {
            code: Code::Exception,
            noun: "the selection of the exceptions and their causes",
            consequence: "a gap could stay unreported, or an exception could stay open without cause",
            laws: "law L6 (reported)",
        },
        Role::Spare => Subject {
            code: Code::OtherCondition,
            noun: "the bound that reduces work",
            consequence: "rows could be skipped",
            laws: "law L1 (nothing lost)",
        },
    }
}

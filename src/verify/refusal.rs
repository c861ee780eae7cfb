//! What is said about a statement that is not what its step claims.

use crate::cycle::render::Origin;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::line_range;
use crate::verify::compare::{Gap, Kind};
use crate::verify::lower::Unshown;
use crate::verify::meaning::Role;

/// Why a statement is refused.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) code: Code,
    /// What follows the statement's name.
    what: String,
    line: Option<usize>,
    label: String,
    help: Vec<String>,
}

impl Refusal {
    pub(super) fn new(code: Code, what: impl Into<String>, line: Option<usize>, label: impl Into<String>) -> Self {
        Self { code, what: what.into(), line, label: label.into(), help: Vec::new() }
    }

    /// A form that has no meaning to hold against the step.
    pub(super) fn unshown(unshown: Unshown) -> Self {
        let line = (unshown.line > 0).then_some(unshown.line);
        if unshown.code != Code::Unshown {
            let mut refusal = Self::new(unshown.code, unshown.what, line, "here");
            refusal.help.extend(edit(unshown.code).map(str::to_owned));
            return refusal;
        }
        let what = format!("cannot be shown to do what its step claims: it has {}", unshown.what);
        let mut refusal = Self::new(unshown.code, what, line, "at or after this line");
        refusal.help.push("say it in the words of the built-in template".to_owned());
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
            (Kind::Different | Kind::Extra, None) => {
                (Code::OtherCondition, "asks what its step does not ask: rows could stay that must move".to_owned())
            }
            (Kind::Columns, _) => (Code::Columns, "writes other values than its step: a copy could differ".to_owned()),
            (Kind::Rows, _) => {
                (Code::Unshown, "cannot be shown to do what its step claims: it begins with other rows".to_owned())
            }
        };
        let label = match gap.kind {
            Kind::Missing if gap.line == 0 => "this statement lacks it",
            Kind::Missing => "it belongs here",
            _ => "this is not what the step claims",
        };
        let mut refusal = Self::new(code, what, (gap.line > 0).then_some(gap.line), label);
        if !gap.expected.is_empty() {
            refusal.help.push(format!("expected: {}", gap.expected));
        }
        if !gap.found.is_empty() {
            refusal.help.push(format!("found: {}", gap.found));
        }
        if let Some(it) = gap.role.map(self::subject) {
            refusal.help.push(format!("it keeps law {}", it.law));
        }
        refusal
    }

    /// Where the line that is pointed at begins, as an offset into the statement.
    pub(super) fn start(&self, sql: &str) -> usize {
        line_range(sql, self.line.unwrap_or(FIRST_LINE)).start
    }

    /// The diagnostic: the rendered line, and the line of the template that it came from.
    pub(super) fn diagnose(self, name: &str, sql: &str, template: &str, origin: Option<Origin>) -> Diagnostic {
        let place = (format!("{name}.sql"), sql, line_range(sql, self.line.unwrap_or(FIRST_LINE)));
        let mut diagnostic = Diagnostic::in_text(self.code, format!("{name} {}", self.what), place, self.label);
        for help in self.help {
            diagnostic = diagnostic.help(help);
        }
        match origin {
            Some(origin) => diagnostic.also_in_text((origin.name, origin.source, origin.range), origin.label),
            None => diagnostic.help(format!("the statement comes from templates/{template}")),
        }
    }
}

/// The edit that helps, where it is always the same.
fn edit(code: Code) -> Option<&'static str> {
    match code {
        Code::NotIn => Some("write NOT EXISTS, with the columns compared inside of it"),
        Code::Between => Some("write `>=` the start and `<` the end: periods are half-open"),
        Code::Unconditional => Some("say which rows; a work table that is emptied takes WHERE TRUE"),
        Code::Columns => Some("list the columns: `({{ columns|name }})` and `SELECT {{ columns|of(\"m\") }}`"),
        _ => None,
    }
}

/// Statements begin with a comment that says what they are for.
const FIRST_LINE: usize = 2;

/// What a condition keeps.
struct Subject {
    code: Code,
    noun: &'static str,
    consequence: &'static str,
    law: &'static str,
}

fn subject(role: Role) -> Subject {
    let (code, noun, consequence, law) = match role {
        Role::Key => (
            Code::Key,
            "the comparison or test of the whole key",
            "rows could be taken for others, or moved without a key",
            "L9, incomplete rows stay, and L1, nothing lost",
        ),
        Role::Bounds => (
            Code::Bounds,
            "the period's bounds",
            "a row could land in another period's history table, or in none",
            "L3, routed",
        ),
        Role::Due => (
            Code::Due,
            "the test that the row is due",
            "a row could leave before its time, or stay beyond it",
            "L8, not early, and L5, bounded",
        ),
        Role::Held => (
            Code::Held,
            "the test that nothing holds the row",
            "a held row could move, or a report be doubled",
            "L8, not early, and L6, reported",
        ),
        Role::Guard => (
            Code::Guard,
            "the guard against what is there already",
            "a row could be written twice when the statement runs again",
            "L2, nothing twice",
        ),
        Role::Copy => (
            Code::Proof,
            "the proof that an equal row stands elsewhere",
            "a row could be deleted of which no copy is left",
            "L1, nothing lost",
        ),
        Role::Version => (
            Code::Version,
            "the comparison of versions",
            "an older version could stay in place of a newer one",
            "L4, nothing stale",
        ),
        Role::Newest => (
            Code::Version,
            "the choice of one row of each key",
            "an older version could be taken, or several",
            "L4, nothing stale, and L2, nothing twice",
        ),
        Role::Parent => (
            Code::Parent,
            "the test of the parent",
            "a row could be parted from its parent",
            "L7, joined, and L8, not early",
        ),
        Role::Touched => (
            Code::Parent,
            "the choice of the keys that the batches touched",
            "keys that came back could be missed",
            "L4, nothing stale, and L7, joined",
        ),
        Role::Accepted => (
            Code::Accepted,
            "the choice of the raw rows that are accepted",
            "rows could be missed, or taken that a mart refuses",
            "L1, nothing lost",
        ),
        Role::Exception => (
            Code::Exception,
            "the choice of the exceptions and their causes",
            "a gap could go unreported, or an exception stay open without cause",
            "L6, reported",
        ),
        Role::Spare => {
            (Code::OtherCondition, "the bound that spares work", "rows could be passed over", "L1, nothing lost")
        }
    };
    Subject { code, noun, consequence, law }
}

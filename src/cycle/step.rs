//! The table of steps: every kind of statement of a cycle, with its step, part, verb and template.
//! The plan, the claim, the file name and the run order come from this table.

use crate::cycle::plan::Slot;
use crate::cycle::verb::Verb;
use crate::project::{PeriodId, Spec};

/// The steps of a cycle, in run order. Invariant: the number of a step never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the name of each variant says what it is; StatementKind::reason says more")]
#[non_exhaustive]
pub enum StepName {
    Load,
    Cutoff,
    Restore,
    Stale,
    Supersede,
    Cleanup,
    Due,
    Resolve,
    Archive,
    Trim,
    SafetyCheck,
    Complete,
}

impl StepName {
    /// The fixed number of the step: 0 to 11.
    pub fn number(self) -> usize {
        self as usize
    }

    /// The name of the step in file names and in the manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            StepName::Load => "load",
            StepName::Cutoff => "cutoff",
            StepName::Restore => "restore",
            StepName::Stale => "stale",
            StepName::Supersede => "supersede",
            StepName::Cleanup => "cleanup",
            StepName::Due => "due",
            StepName::Resolve => "resolve",
            StepName::Archive => "archive",
            StepName::Trim => "trim",
            StepName::SafetyCheck => "safety_check",
            StepName::Complete => "complete",
        }
    }
}

/// Every kind of statement of a load or a cycle, in run order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum StatementKind {
    /// Updates a row that is delivered again with the same time.
    LoadCorrect,
    /// Inserts rows that are new or newer.
    LoadInsert,
    /// Inserts the row of a new key into a mart that has one row per key, or updates the row of the
    /// key.
    LoadUpsert,
    /// Inserts rows without a complete key.
    LoadKeyless,
    /// Inserts rows without a time.
    LoadTimeless,
    /// Stops a cycle if a foreign key deletes other rows with those of the mart.
    CutoffCheck,
    /// Stops a cycle whose session has a clock that is not in UTC.
    CutoffZone,
    /// Empties the work table of the cutoff.
    CutoffClear,
    /// Stores the cutoff of the mart.
    CutoffFill,
    /// Stores the cutoff of the root mart for a child.
    CutoffInherit,
    /// Copies rows of a child from history back to the mart.
    Restore,
    /// Copies rows of a child from history back to a mart that has one row per key, and updates the
    /// row of a key of which history has a newer version.
    RestoreUpsert,
    /// Lists the rows that must leave the mart or a history table.
    StaleFill,
    /// Deletes the stale rows of the mart.
    Supersede,
    /// Deletes stale rows without a time from the mart.
    SupersedeTimeless,
    /// Deletes the stale rows of a history table.
    Cleanup,
    /// Deletes from history the copies of events that are delivered and due again.
    CleanupEvent,
    /// Empties the list of stale rows.
    CleanupClear,
    /// Empties the list of due rows.
    DueClear,
    /// Lists the due rows of a child.
    DueFill,
    /// Lists the due rows without an open period, if the table has a limit.
    DueRest,
    /// Closes exceptions for a key.
    Resolve,
    /// Closes the exception for rows without a key.
    ResolveKeyless,
    /// Lists the oldest due rows of open periods, if the table has a limit.
    DueLimit,
    /// Stops a cycle with too many due rows.
    Tripwire,
    /// Copies due rows to the history table of a period.
    Archive,
    /// Counts the rows that the purge deletes.
    PurgeCount,
    /// Deletes due rows of which no copy is kept from the mart.
    PurgeDelete,
    /// Deletes the archived rows of a period from the mart.
    Trim,
    /// Deletes due rows from before `retired_before`, of which no copy is kept, from the mart.
    Retire,
    /// Records due rows that are still in the mart.
    SafetyCheck,
    /// Records rows without a key.
    SafetyCheckKeyless,
    /// Deletes all stamps but the last two.
    CompleteForget,
    /// Stamps a completed cycle.
    CompleteNote,
}

/// A row of the table of steps.
struct Facts {
    step: StepName,
    /// The part of the step, if the step has several statements.
    part: Option<&'static str>,
    /// Whether the plan has one statement per period.
    per_period: bool,
    verb: Verb,
    template: &'static str,
    reason: &'static str,
}

impl StatementKind {
    fn facts(self) -> Facts {
        match self {
            StatementKind::LoadCorrect => Facts {
                step: StepName::Load,
                part: Some("correct"),
                per_period: false,
                verb: Verb::Update,
                template: "cycle/load_correct.sql.j2",
                reason: "a row that is delivered again with the same time replaces the row in the mart",
            },
            StatementKind::LoadInsert => Facts {
                step: StepName::Load,
                part: Some("insert"),
                per_period: false,
                verb: Verb::Insert,
                template: "cycle/load_insert.sql.j2",
                reason: "rows whose key is new to the mart, or that are newer than the row in the mart",
            },
            StatementKind::LoadUpsert => Facts {
                step: StepName::Load,
                part: Some("insert"),
                per_period: false,
                verb: Verb::Insert,
                template: "cycle/load_upsert.sql.j2",
                reason: "rows whose key is new to the mart, or that replace a row that is not newer",
            },
            StatementKind::LoadKeyless => Facts {
                step: StepName::Load,
                part: Some("keyless"),
                per_period: false,
                verb: Verb::Insert,
                template: "cycle/load_keyless.sql.j2",
                reason: "rows without a complete key, each once: no other row can replace them",
            },
            StatementKind::LoadTimeless => Facts {
                step: StepName::Load,
                part: Some("timeless"),
                per_period: false,
                verb: Verb::Insert,
                template: "cycle/load_timeless.sql.j2",
                reason: "rows without a time, where no complete version of their key exists",
            },
            StatementKind::CutoffCheck => Facts {
                step: StepName::Cutoff,
                part: Some("check"),
                per_period: false,
                verb: Verb::Select,
                template: "tripwire/shared_rows.sql.j2",
                reason: "stop the cycle if a DELETE on the mart would also delete or change a row of another table",
            },
            StatementKind::CutoffZone => Facts {
                step: StepName::Cutoff,
                part: Some("zone"),
                per_period: false,
                verb: Verb::Select,
                template: "tripwire/zone.sql.j2",
                reason: "fail, and stop the cycle, if the clock of the session is not in UTC",
            },
            StatementKind::CutoffClear => Facts {
                step: StepName::Cutoff,
                part: Some("clear"),
                per_period: false,
                verb: Verb::Delete,
                template: "cycle/cutoff_clear.sql.j2",
                reason: "delete the cutoff of the last cycle: without a cutoff, no row is due",
            },
            StatementKind::CutoffFill => Facts {
                step: StepName::Cutoff,
                part: Some("fill"),
                per_period: false,
                verb: Verb::Insert,
                template: "cycle/cutoff_fill.sql.j2",
                reason: "store one cutoff for all statements of the cycle: never later than now less the retention",
            },
            StatementKind::CutoffInherit => Facts {
                step: StepName::Cutoff,
                part: Some("fill"),
                per_period: false,
                verb: Verb::Insert,
                template: "cycle/cutoff_inherit.sql.j2",
                reason: "store one cutoff for all statements of the cycle: never later than now less the retention",
            },
            StatementKind::Restore => Facts {
                step: StepName::Restore,
                part: None,
                per_period: false,
                verb: Verb::Insert,
                template: "cycle/restore.sql.j2",
                reason: "copy rows back whose parent is in its mart again",
            },
            StatementKind::RestoreUpsert => Facts {
                step: StepName::Restore,
                part: None,
                per_period: false,
                verb: Verb::Insert,
                template: "cycle/restore_upsert.sql.j2",
                reason: "copy rows back whose parent is in its mart again, or that replace an older row",
            },
            StatementKind::StaleFill => Facts {
                step: StepName::Stale,
                part: Some("fill"),
                per_period: false,
                verb: Verb::Insert,
                template: "cycle/stale_fill.sql.j2",
                reason: "list older versions, and copies of rows that are in the mart",
            },
            StatementKind::Supersede => Facts {
                step: StepName::Supersede,
                part: None,
                per_period: false,
                verb: Verb::Delete,
                template: "cycle/supersede.sql.j2",
                reason: "delete the older versions that the list has for the mart",
            },
            StatementKind::SupersedeTimeless => Facts {
                step: StepName::Supersede,
                part: Some("timeless"),
                per_period: false,
                verb: Verb::Delete,
                template: "cycle/supersede_timeless.sql.j2",
                reason: "delete rows without a time where a complete version of their key exists",
            },
            StatementKind::Cleanup => Facts {
                step: StepName::Cleanup,
                part: None,
                per_period: true,
                verb: Verb::Delete,
                template: "cycle/cleanup.sql.j2",
                reason: "delete the rows that the list has for this history table",
            },
            StatementKind::CleanupEvent => Facts {
                step: StepName::Cleanup,
                part: None,
                per_period: true,
                verb: Verb::Delete,
                template: "cycle/cleanup_event.sql.j2",
                reason: "delete the copy of an event that is delivered and due again",
            },
            StatementKind::CleanupClear => Facts {
                step: StepName::Cleanup,
                part: Some("clear"),
                per_period: false,
                verb: Verb::Delete,
                template: "cycle/stale_clear.sql.j2",
                reason: "empty the list: a trim deletes no row that it has",
            },
            StatementKind::DueClear => Facts {
                step: StepName::Due,
                part: Some("clear"),
                per_period: false,
                verb: Verb::Delete,
                template: "cycle/due_clear.sql.j2",
                reason: "delete the list of the last cycle",
            },
            StatementKind::DueFill => Facts {
                step: StepName::Due,
                part: Some("fill"),
                per_period: false,
                verb: Verb::Insert,
                template: "cycle/due_fill.sql.j2",
                reason: "list rows older than the cutoff whose parent has left its mart",
            },
            StatementKind::DueRest => Facts {
                step: StepName::Due,
                part: Some("fill"),
                per_period: false,
                verb: Verb::Insert,
                template: "cycle/due_fill.sql.j2",
                reason: "list due rows without an open period: a cycle reports them, a sweep archives them",
            },
            StatementKind::Resolve => Facts {
                step: StepName::Resolve,
                part: None,
                per_period: false,
                verb: Verb::Update,
                template: "cycle/resolve.sql.j2",
                reason: "close exceptions whose cause is gone",
            },
            StatementKind::ResolveKeyless => Facts {
                step: StepName::Resolve,
                part: Some("keyless"),
                per_period: false,
                verb: Verb::Update,
                template: "cycle/resolve_keyless.sql.j2",
                reason: "close the exception for rows without a key when there are none left",
            },
            StatementKind::DueLimit => Facts {
                step: StepName::Resolve,
                part: Some("limit"),
                per_period: false,
                verb: Verb::Insert,
                template: "cycle/due_limit.sql.j2",
                reason: "list the oldest due rows without an open exception, as many as the limit allows",
            },
            StatementKind::Tripwire => Facts {
                step: StepName::Resolve,
                part: Some("tripwire"),
                per_period: false,
                verb: Verb::Select,
                template: "tripwire/tripwire.sql.j2",
                reason: "fail, and stop the cycle, if more rows are due than allowed",
            },
            StatementKind::Archive => Facts {
                step: StepName::Archive,
                part: None,
                per_period: true,
                verb: Verb::Insert,
                template: "cycle/archive.sql.j2",
                reason: "copy due rows of the period, unless they are held or archived already",
            },
            StatementKind::PurgeCount => Facts {
                step: StepName::Trim,
                part: Some("count"),
                per_period: false,
                verb: Verb::Insert,
                template: "cycle/purge_count.sql.j2",
                reason: "record how many rows the next statement deletes for good",
            },
            StatementKind::PurgeDelete => Facts {
                step: StepName::Trim,
                part: Some("delete"),
                per_period: false,
                verb: Verb::Delete,
                template: "cycle/purge_delete.sql.j2",
                reason: "delete due rows for good, unless they are held: the spec says `archive: none`",
            },
            StatementKind::Trim => Facts {
                step: StepName::Trim,
                part: None,
                per_period: true,
                verb: Verb::Delete,
                template: "cycle/trim.sql.j2",
                reason: "delete due rows whose copy, equal in every column, is in the history table",
            },
            StatementKind::Retire => Facts {
                step: StepName::Trim,
                part: Some("retired"),
                per_period: false,
                verb: Verb::Delete,
                template: "cycle/retire.sql.j2",
                reason: "delete due rows for good that are older than the history that is kept",
            },
            StatementKind::SafetyCheck => Facts {
                step: StepName::SafetyCheck,
                part: None,
                per_period: false,
                verb: Verb::Insert,
                template: "cycle/safety_check.sql.j2",
                reason: "record rows that cannot leave the mart, once per key",
            },
            StatementKind::SafetyCheckKeyless => Facts {
                step: StepName::SafetyCheck,
                part: Some("keyless"),
                per_period: false,
                verb: Verb::Insert,
                template: "cycle/safety_check_keyless.sql.j2",
                reason: "record that rows without a key are in the mart",
            },
            StatementKind::CompleteForget => Facts {
                step: StepName::Complete,
                part: Some("forget"),
                per_period: false,
                verb: Verb::Delete,
                template: "cycle/complete_forget.sql.j2",
                reason: "delete all stamps but those of the last two completed cycles",
            },
            StatementKind::CompleteNote => Facts {
                step: StepName::Complete,
                part: Some("note"),
                per_period: false,
                verb: Verb::Insert,
                template: "cycle/complete_note.sql.j2",
                reason: "stamp this cycle as completed: raw trims wait for it",
            },
        }
    }

    /// The step of the statement.
    pub fn step(self) -> StepName {
        self.facts().step
    }

    /// The part of the step, if the step has several statements. Invariant: the parts of a step,
    /// sorted by name, are in run order.
    pub fn part(self) -> Option<&'static str> {
        self.facts().part
    }

    /// Whether the plan has one statement per period.
    pub fn per_period(self) -> bool {
        self.facts().per_period
    }

    /// The kind of SQL statement.
    pub fn verb(self) -> Verb {
        self.facts().verb
    }

    /// Why the statement exists, in one line.
    pub fn reason(self) -> &'static str {
        self.facts().reason
    }

    /// The template that renders the statement.
    pub(crate) fn template(self) -> &'static str {
        self.facts().template
    }

    /// The step and the part, as file names and messages write them.
    pub(crate) fn word(self) -> String {
        match self.part() {
            Some(part) => format!("{}_{part}", self.step().as_str()),
            None => self.step().as_str().to_owned(),
        }
    }
}

/// One statement.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Step {
    /// The kind of statement.
    pub kind: StatementKind,
    /// The period, if the statement is for one period.
    pub period: Option<PeriodId>,
    /// The relation that the statement changes. For a SELECT: the relation that it checks.
    pub writes: Slot,
    /// Every relation that the statement may read.
    pub reads: Vec<Slot>,
}

impl Step {
    /// The file name without its extension: number, step, part and period.
    pub fn stem(&self, spec: &Spec) -> String {
        let mut stem = format!("{:02}_{}", self.kind.step().number(), self.kind.word());
        if let Some(period) = self.period {
            stem.push_str("__");
            stem.push_str(&spec.period(period).name);
        }
        stem
    }
}

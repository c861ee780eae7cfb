//! The kinds of run-books.

/// A kind of run-book.
#[derive(Debug)]
pub struct Runbook {
    /// Its name.
    pub name: &'static str,
    /// Its purpose, in one line.
    pub about: &'static str,
    pub(super) template: &'static str,
}

/// All run-books, sorted by name.
pub const RUNBOOKS: &[Runbook] = &[
    Runbook {
        name: "change-columns",
        about: "add a column to a table, change its type, or remove it",
        template: "runbooks/change-columns.md.j2",
    },
    Runbook {
        name: "exceptions",
        about: "open exceptions by type: what each means, and how to resolve it",
        template: "runbooks/exceptions.md.j2",
    },
    Runbook {
        name: "installation",
        about: "from an empty database to the first cycle",
        template: "runbooks/installation.md.j2",
    },
    Runbook {
        name: "late-period",
        about: "the last period ended before the next one was added",
        template: "runbooks/late-period.md.j2",
    },
    Runbook {
        name: "load-incident",
        about: "a windowed load takes hours or costs too much, because old rows were ingested again",
        template: "runbooks/load-incident.md.j2",
    },
    Runbook { name: "lower-edge", about: "rows older than the first period", template: "runbooks/lower-edge.md.j2" },
    Runbook {
        name: "migration",
        about: "move production from marts that hold all rows to marts with history",
        template: "runbooks/migration.md.j2",
    },
    Runbook { name: "qa", about: "test retention on copies of the marts", template: "runbooks/qa.md.j2" },
    Runbook {
        name: "remove-period",
        about: "remove the newest period, and move its rows back to the marts",
        template: "runbooks/remove-period.md.j2",
    },
    Runbook { name: "restore", about: "restore the rows of one archived key", template: "runbooks/restore.md.j2" },
    Runbook {
        name: "retire-period",
        about: "drop the history tables of the oldest period, whose rows need not be kept any more",
        template: "runbooks/retire-period.md.j2",
    },
    Runbook { name: "rotation", about: "add the next period", template: "runbooks/rotation.md.j2" },
    Runbook {
        name: "sealing",
        about: "seal old periods, so that only the nightly sweep processes them; or unseal them",
        template: "runbooks/sealing.md.j2",
    },
];

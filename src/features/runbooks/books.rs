//! The kinds of run-books.

/// A kind of run-book.
#[derive(Debug)]
pub struct Runbook {
    /// Its name.
    pub name: &'static str,
    /// Its purpose, in one line.
    pub about: &'static str,
    /// Whether it is about the periods of one list. A project has it once for each list.
    pub is_of_list: bool,
    pub(super) template: &'static str,
}

/// All run-books, sorted by name.
pub const RUNBOOKS: &[Runbook] = &[
    Runbook {
        name: "change-columns",
        about: "add a column to a table, change its type, or remove it",
        is_of_list: false,
        template: "runbooks/change-columns.md.j2",
    },
    Runbook {
        name: "erase",
        about: "delete all rows of a key for good, and keep it away",
        is_of_list: false,
        template: "runbooks/erase.md.j2",
    },
    Runbook {
        name: "exceptions",
        about: "open exceptions by type: what each means, and how to resolve it",
        is_of_list: false,
        template: "runbooks/exceptions.md.j2",
    },
    Runbook {
        name: "installation",
        about: "from an empty database to the first cycle",
        is_of_list: false,
        template: "runbooks/installation.md.j2",
    },
    Runbook {
        name: "late-period",
        about: "the last period ended before the next one was added",
        is_of_list: true,
        template: "runbooks/late-period.md.j2",
    },
    Runbook {
        name: "load-incident",
        about: "a windowed load takes hours or costs too much, because old rows were ingested again",
        is_of_list: false,
        template: "runbooks/load-incident.md.j2",
    },
    Runbook {
        name: "lower-edge",
        about: "rows older than the first period",
        is_of_list: true,
        template: "runbooks/lower-edge.md.j2",
    },
    Runbook {
        name: "migration",
        about: "move production from marts that hold all rows to marts with history",
        is_of_list: false,
        template: "runbooks/migration.md.j2",
    },
    Runbook {
        name: "qa",
        about: "test retention on copies of the marts",
        is_of_list: false,
        template: "runbooks/qa.md.j2",
    },
    Runbook {
        name: "remove-period",
        about: "remove the newest period, and move its rows back to the marts",
        is_of_list: true,
        template: "runbooks/remove-period.md.j2",
    },
    Runbook {
        name: "restore",
        about: "restore the rows of one archived key",
        is_of_list: false,
        template: "runbooks/restore.md.j2",
    },
    Runbook {
        name: "retire-period",
        about: "drop the history tables of the oldest period, whose rows need not be kept any more",
        is_of_list: true,
        template: "runbooks/retire-period.md.j2",
    },
    Runbook { name: "rotation", about: "add the next period", is_of_list: true, template: "runbooks/rotation.md.j2" },
    Runbook {
        name: "sealing",
        about: "seal old periods, so that only the nightly sweep processes them; or unseal them",
        is_of_list: true,
        template: "runbooks/sealing.md.j2",
    },
];

//! The names of the tables, files and dbt objects that Rowkeep creates. The checks of names and the
//! code that writes names both use this module.

use crate::dialect::Dialect;
use crate::features::erasure::KeyForm;
use crate::features::loads::WindowedLoad;
use crate::project::{Archive, Column, Exceptions, ExceptionsId, PeriodId, Spec, Table, TableId};
use crate::sql::{Name, Relation, SqlType};

/// The folder of the statements of the sweep. It is beside the folders of the models.
pub(crate) const SWEEP: &str = "sweep";
/// The suffix of the exception type for rows without a key.
pub(crate) const NULL_KEY: &str = "_NULL_KEY";
/// The suffix of the exception type for holds of an operator.
pub(crate) const HOLD: &str = "_HOLD";
/// The suffixes of the exception types of the monitors that every table has. Invariant: none is
/// longer than [`NULL_KEY`].
pub(crate) const MONITORED: [&str; 8] =
    ["_ROUTED", "_TWICE", "_STALE", "_BOUNDED", "_LATE", "_REFUSED", "_HORIZON", "_EDGE"];

/// The suffixes that the names of work tables add to the name of the model.
pub(crate) const CUTOFF: &str = "__cutoff";
pub(crate) const STALE: &str = "__stale";
pub(crate) const DUE: &str = "__due";
pub(crate) const CYCLES: &str = "__cycles";
pub(crate) const PURGED: &str = "__purged";

const COPIES: &str = "__copies";

/// The suffixes that the names of indexes add to the name of their table.
pub(crate) const KEY_INDEX: &str = "__key";
pub(crate) const UNIQUE_KEY_INDEX: &str = "__unique_key";
pub(crate) const TIME_INDEX: &str = "__time";
pub(crate) const PARENT_INDEX: &str = "__parent";

/// The column of a list of stale rows that says where a row is: [`IN_MART`], or the place of a
/// history table.
pub(crate) const STALE_PLACE: &str = "rowkeep_place";
pub(crate) const STALE_PLACE_TYPE: SqlType = SqlType::Varchar(160);
/// The column of the table that counts purged rows.
pub(crate) const ROW_COUNT: &str = "row_count";
/// The columns of an exceptions table after its key, in order. All of them may be NULL.
pub(crate) const EXCEPTION_COLUMNS: [&str; 6] =
    ["exception_type", "detected_at", "resolved_at", "notes", "resolved_by", "resolution_notes"];
/// The column of a table of erased keys that holds the SHA-256 of a key.
pub(crate) const KEY_HASH: &str = "key_sha256";
/// The columns of a table of erased keys, after the key.
pub(crate) const ERASED_AT: &str = "erased_at";
pub(crate) const ERASED_NOTES: &str = "notes";
/// The place of a row of the mart.
pub(crate) const IN_MART: &str = "mart";

/// The columns of a table of erased keys after its key, with their types. All of them may be NULL.
pub(crate) fn erased_columns(dialect: Dialect) -> [(&'static str, SqlType); 2] {
    [(ERASED_AT, dialect.rules().stored_instant()), (ERASED_NOTES, SqlType::Varchar(512))]
}

/// The types of [`EXCEPTION_COLUMNS`].
pub(crate) fn exception_types(dialect: Dialect) -> [SqlType; 6] {
    let (instant, word, words) = (dialect.rules().stored_instant(), SqlType::Varchar(64), SqlType::Varchar(512));
    [word, instant, instant, words, word, words]
}

impl Exceptions {
    /// The first column of the list of erased keys.
    pub(crate) fn listed_key(&self) -> Column {
        if self.are_hashed() {
            Column { name: Name::of_own(KEY_HASH), ty: SqlType::Varchar(64), ..self.key.clone() }
        } else {
            self.key.clone()
        }
    }

    /// Whether its list of erased keys holds hashes.
    pub(crate) fn are_hashed(&self) -> bool {
        self.erased.as_ref().is_some_and(|erased| erased.keys == KeyForm::Hashed)
    }
}

impl Spec {
    /// The history table of a period.
    pub(crate) fn history(&self, table: TableId, period: PeriodId) -> Relation {
        match &self.table(table).archive {
            Archive::Periods(names) => names.of(&self.period(period).name),
            Archive::One(history) => history.clone(),
            Archive::None => unreachable!("a plan names no history table of a purged table"),
        }
    }

    /// The place of a row of a history table, in a list of stale rows. Invariant: it is not
    /// [`IN_MART`], and each period has another one.
    pub(crate) fn place_of(&self, period: PeriodId) -> String {
        format!("history {}", self.period(period).name)
    }

    /// The view over a mart and its history tables.
    pub(crate) fn all_rows(&self, table: TableId) -> Relation {
        let history = self.table(table).history();
        let history = history.unwrap_or_else(|| unreachable!("a plan names no view of a purged table"));
        history.renamed(history.name.with_prefix("all_"))
    }

    /// The view with every copy of a row: it has the rows of a mart and of its history tables.
    pub(crate) fn copies(&self, table: TableId) -> Relation {
        let newest = self.all_rows(table);
        newest.renamed(newest.name.with_suffix(COPIES))
    }

    /// The work table with the cutoff of the cycle.
    pub(crate) fn cutoff(&self, table: TableId) -> Relation {
        self.work(table, CUTOFF)
    }

    /// The work table that lists stale rows.
    pub(crate) fn stale(&self, table: TableId) -> Relation {
        self.work(table, STALE)
    }

    /// The work table that lists due rows.
    pub(crate) fn due(&self, table: TableId) -> Relation {
        self.work(table, DUE)
    }

    /// The table that counts the rows of each purge.
    pub(crate) fn purged(&self, table: TableId) -> Relation {
        self.work(table, PURGED)
    }

    /// The work table with the times at which the last two cycles were completed.
    pub(crate) fn cycles(&self, table: TableId) -> Relation {
        self.work(table, CYCLES)
    }

    /// The name of an index, in the schema of its table. A schema has one namespace for tables and
    /// indexes.
    pub(crate) fn index(&self, on: &Relation, suffix: &str) -> Relation {
        on.renamed(on.name().with_suffix(suffix))
    }

    /// The `unique_id` of a table in the manifest.
    pub(crate) fn unique_id(&self, table: TableId) -> String {
        format!("model.{}.{}", self.name, self.table(table).model.value.as_str())
    }

    /// The name of an exceptions table in the names of files. It includes the schema if two
    /// exceptions tables have the same name.
    pub(crate) fn exceptions_name(&self, id: ExceptionsId) -> String {
        let folded_name = |exceptions: &Exceptions| exceptions.relation.name().folded(self.dialect);
        let relation = &self.exceptions(id).relation;
        let is_twin = |other: &&Exceptions| folded_name(other) == folded_name(self.exceptions(id));
        match self.exceptions.iter().filter(is_twin).count() {
            1 => relation.name().as_str().to_owned(),
            _ => relation.parts().map(crate::sql::Name::as_str).collect::<Vec<_>>().join("_"),
        }
    }

    fn work(&self, table: TableId, suffix: &str) -> Relation {
        self.schema.renamed(self.table(table).model.value.with_suffix(suffix))
    }
}

impl Spec {
    /// The name of the dbt package of the project.
    pub(crate) fn dbt_package(&self) -> String {
        format!("{}_rowkeep", self.name)
    }

    /// The name of the scheduler's pool. The pool has one slot, so a cycle, a sweep and monitors
    /// never run at the same time.
    pub(crate) fn pool(&self) -> String {
        format!("{}_rowkeep", self.name)
    }
}

/// The text that marks the statements of a windowed load. The name of the load and the run date
/// follow it. The monitors search for it in the jobs of BigQuery.
pub(crate) const LOAD_MARK: &str = "rowkeep load ";

impl WindowedLoad {
    /// The names of its dbt models: the batch and, if there is an aggregate, the updates and the
    /// aggregate.
    pub(crate) fn dbt_models(&self) -> Vec<String> {
        let suffixes = ["", "_updates", "_aggregate"];
        let own = if self.aggregate.is_some() { &suffixes[..] } else { &suffixes[..1] };
        own.iter().map(|suffix| format!("{}{suffix}", self.name.value.as_str())).collect()
    }

    /// The name of its dbt source.
    pub(crate) fn dbt_source(&self, spec: &Spec) -> String {
        format!("{}_{}", spec.name, self.name.value.as_str())
    }
}

impl Table {
    /// The dbt source of the raw table, and the name of the raw table in that source.
    pub(crate) fn dbt_source(&self) -> Option<(String, String)> {
        let raw = self.raw.as_ref()?;
        let database =
            raw.database.as_ref().map_or_else(String::new, |name| format!("{}_", name.as_str().replace('-', "_")));
        Some((format!("{database}{}", raw.schema.as_str()), raw.name.as_str().to_owned()))
    }
}

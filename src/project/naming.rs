//! The names of what Rowkeep creates beside a mart: one place, for those who check names and those who write them.

use crate::features::loads::WindowedLoad;
use crate::project::{Exceptions, ExceptionsId, PeriodId, Spec, Table, TableId};
use crate::sql::Relation;

/// The folder of the nightly statements, beside those of the models.
pub(crate) const SWEEP: &str = "sweep";
/// Suffixes of exception types.
pub(crate) const NULL_KEY: &str = "_NULL_KEY";
pub(crate) const HOLD: &str = "_HOLD";
/// Suffixes of the types under which the monitors of every table record what they find. None is longer than those above.
pub(crate) const MONITORED: [&str; 8] =
    ["_ROUTED", "_TWICE", "_STALE", "_BOUNDED", "_LATE", "_REFUSED", "_HORIZON", "_EDGE"];

/// What the names of work tables add to their model's.
pub(crate) const CUTOFF: &str = "__cutoff";
pub(crate) const VERSIONS: &str = "__versions";
pub(crate) const DUE: &str = "__due";
pub(crate) const CYCLES: &str = "__cycles";

impl Spec {
    /// The history table of a period.
    pub(crate) fn history(&self, table: TableId, period: PeriodId) -> Relation {
        let prefix = &self.table(table).history;
        prefix.renamed(prefix.name.with_suffix(&format!("_{}", self.period(period).name)))
    }

    /// The view over a mart and its history tables.
    pub(crate) fn all_rows(&self, table: TableId) -> Relation {
        let prefix = &self.table(table).history;
        prefix.renamed(prefix.name.with_prefix("all_"))
    }

    /// The work table that holds the cycle's cutoff.
    pub(crate) fn cutoff(&self, table: TableId) -> Relation {
        self.work(table, CUTOFF)
    }

    /// The work table that holds the newest time of keys that stand more than once.
    pub(crate) fn versions(&self, table: TableId) -> Relation {
        self.work(table, VERSIONS)
    }

    /// The work table that lists due rows.
    pub(crate) fn due(&self, table: TableId) -> Relation {
        self.work(table, DUE)
    }

    /// The work table that holds when the last two cycles were completed.
    pub(crate) fn cycles(&self, table: TableId) -> Relation {
        self.work(table, CYCLES)
    }

    /// The id of a table's node in the manifest.
    pub(crate) fn unique_id(&self, table: TableId) -> String {
        format!("model.{}.{}", self.name, self.table(table).model.value.as_str())
    }

    /// What an exceptions table is called in the names of files: with its schema, where another has its name.
    pub(crate) fn exceptions_name(&self, id: ExceptionsId) -> String {
        let of = |exceptions: &Exceptions| exceptions.relation.name().folded(self.dialect);
        let relation = &self.exceptions(id).relation;
        let is_twin = |other: &&Exceptions| of(other) == of(self.exceptions(id));
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
    /// The dbt package that a project compiles to.
    pub(crate) fn dbt_package(&self) -> String {
        format!("{}_rowkeep", self.name)
    }

    /// The pool of the scheduler, with one slot: statements of a cycle, a sweep and monitors never run at one time.
    pub(crate) fn pool(&self) -> String {
        format!("{}_rowkeep", self.name)
    }
}

/// Whatever finds or marks the runs of loads looks for this, the load, and the run date.
pub(crate) const LOAD_MARK: &str = "rowkeep load ";

impl WindowedLoad {
    /// Its models in dbt: batch, and where there is an aggregate, updates and the aggregate.
    pub(crate) fn dbt_models(&self) -> Vec<String> {
        let suffixes = ["", "_updates", "_aggregate"];
        let own = if self.aggregate.is_some() { &suffixes[..] } else { &suffixes[..1] };
        own.iter().map(|suffix| format!("{}{suffix}", self.name.value.as_str())).collect()
    }

    /// What dbt calls the dataset of its source.
    pub(crate) fn dbt_source(&self, spec: &Spec) -> String {
        format!("{}_{}", spec.name, self.name.value.as_str())
    }
}

impl Table {
    /// What dbt calls the raw table: its source, and its name there.
    pub(crate) fn dbt_source(&self) -> Option<(String, String)> {
        let raw = self.source.as_ref()?;
        let database =
            raw.database.as_ref().map_or_else(String::new, |name| format!("{}_", name.as_str().replace('-', "_")));
        Some((format!("{database}{}", raw.schema.as_str()), raw.name.as_str().to_owned()))
    }
}

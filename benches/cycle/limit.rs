//! The least that a cycle must do: copy and delete the due rows, whose keys are in a list already.

use rowkeep::{Dialect, Spec};

use crate::Statements;

/// The name of the list of a model. The warehouse fills it.
pub fn list(model: &str) -> String {
    format!("settlement_ods.{model}__limit")
}

pub fn statements(spec: &Spec, dialect: Dialect) -> Statements {
    let mut all = Vec::new();
    for (_, table) in spec.tables() {
        let model = table.model.value.as_str();
        let mart = table.relation.sql(dialect);
        let key: Vec<_> = table.unique_key.iter().map(|&column| table.column(column).name.sql(dialect)).collect();
        let columns: Vec<_> = table.columns.iter().map(|column| column.name.sql(dialect)).collect();
        let time = table.column(table.time.column).name.sql(dialect);
        let listed = |row: &str| {
            let same: Vec<_> = key.iter().map(|column| format!("l.{column} = {row}.{column}")).collect();
            format!("EXISTS (SELECT 1 FROM {} AS l WHERE {})", list(model), same.join(" AND "))
        };
        let period = spec.periods().last().expect("a period");
        let history = format!("{}_{}", table.history().expect("no purge here").sql(dialect), period.name);
        let archive = format!(
            "INSERT INTO {history} ({0}) SELECT {0} FROM {mart} AS m WHERE m.{time} < {1} AND {2}",
            columns.join(", "),
            period.end_epoch(),
            listed("m")
        );
        let bare = table.relation.name().sql(dialect);
        all.push((format!("{model}/copy"), archive));
        all.push((format!("{model}/delete"), format!("DELETE FROM {mart} WHERE {}", listed(&bare))));
    }
    all
}

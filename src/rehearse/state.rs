//! Reads the rows of a project's tables from an engine.

use crate::dialect::Dialect;
use crate::error::Error;
use crate::project::Period;
use crate::rehearse::engine::Engine;
use crate::rehearse::facts::{Facts, TableFacts};
use crate::rehearse::oracle::{Exception, Row, Tables};
use crate::rehearse::run::Watch;
use crate::rehearse::stage::Stage;
use crate::rehearse::value::instant_text;

/// Reads all marts, history tables and exceptions tables. Rows are sorted.
pub(super) fn read(engine: &mut dyn Engine, facts: &Facts, stage: &Stage) -> Result<Tables, Error> {
    let mut tables = Tables::default();
    for (table, histories) in facts.tables.iter().zip(&stage.histories) {
        let (mart, history) = read_table(engine, table, histories)?;
        tables.marts.push(mart);
        tables.histories.push(history);
    }
    let dialect = engine.dialect();
    for (number, table) in facts.tables.iter().enumerate() {
        let Some((due, _)) = &table.limit else { continue };
        let listed = engine.rows(&format!("SELECT CAST(COUNT(*) AS VARCHAR) FROM {due}"))?;
        let listed = listed.into_iter().flatten().flatten().next().and_then(|text| text.parse().ok());
        tables.listed.insert(number, listed.unwrap_or(0));
    }
    for (relation, key) in &facts.exceptions {
        let sql = format!(
            "SELECT {}, exception_type, {}, {} FROM {relation}",
            key.select_as_text(dialect),
            micros_as_text("detected_at", dialect),
            micros_as_text("resolved_at", dialect),
        );
        let found = engine.rows(&sql)?.into_iter().filter_map(|record| {
            let [key, exception_type, detected_at, resolved_at] = <[_; 4]>::try_from(record).ok()?;
            Some(Exception {
                key,
                exception_type: exception_type.unwrap_or_default(),
                detected_at,
                open: resolved_at.is_none(),
                resolved_at,
            })
        });
        let mut exceptions: Vec<_> = found.collect();
        exceptions.sort();
        tables.exceptions.push(exceptions);
    }
    Ok(tables)
}

/// The expression for a timestamp column of the exceptions table, in microseconds since 1970.
fn micros_as_text(column: &str, dialect: Dialect) -> String {
    format!("CAST({} AS VARCHAR)", dialect.rules().epoch_micros(column))
}

/// The rows of a mart, and the history rows, each with the index of its period in the calendar.
type TableRows = (Vec<Row>, Vec<(usize, Row)>);

fn read_table(engine: &mut dyn Engine, table: &TableFacts, histories: &[(usize, String)]) -> Result<TableRows, Error> {
    let columns = select_list(table, engine.dialect());
    let select = |place: &str, relation: &str| format!("SELECT '{place}', {columns} FROM {relation}");
    let places = histories.iter().map(|(period, relation)| select(&period.to_string(), relation));
    let sql: Vec<_> = std::iter::once(select("mart", &table.mart)).chain(places).collect();
    let (mut mart, mut history) = (Vec::new(), Vec::new());
    for mut record in engine.rows(&sql.join(" UNION ALL "))? {
        let row = record.split_off(1);
        match record[0].as_ref().and_then(|place| place.parse().ok()) {
            Some(period) => history.push((period, row)),
            None => mart.push(row),
        }
    }
    mart.sort();
    history.sort();
    Ok((mart, history))
}

fn select_list(table: &TableFacts, dialect: Dialect) -> String {
    table.columns.iter().map(|column| column.select_as_text(dialect)).collect::<Vec<_>>().join(", ")
}

/// The places of all copies of one key, as text for a counterexample.
pub(super) fn places_of_key(
    engine: &mut dyn Engine,
    facts: &Facts,
    stage: &Stage,
    calendar: &[Period],
    watch: &Watch,
) -> Result<Vec<String>, Error> {
    let table = &facts.tables[watch.table];
    let (mart, history) = read_table(engine, table, &stage.histories[watch.table])?;
    let is_watched = |row: &Row| table.key.iter().zip(&watch.key).all(|(&column, part)| row[column] == *part);
    let time = |row: &Row| {
        let micros = row[table.time].as_ref().and_then(|text| text.parse().ok());
        micros.map_or_else(|| "no time".to_owned(), instant_text)
    };
    let in_mart = mart.iter().filter(|row| is_watched(row)).map(|row| format!("mart ({})", time(row)));
    let archived = history.iter().filter(|(_, row)| is_watched(row));
    let archived = archived.map(|(period, row)| format!("{} ({})", calendar[*period].name, time(row)));
    Ok(in_mart.chain(archived).collect())
}

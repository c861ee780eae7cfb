//! Whether a column of the database has the type of the spec.

use crate::cycle::plan::Slot;
use crate::project::Spec;

/// Whether the types are one type: `varchar` without a length is `text` on engines that say so.
/// A mart may keep fewer digits of a second than its history, unless a load compares it with
/// the raw table.
pub(super) fn is_same_type(spec: &Spec, slot: Slot, found: &str, expected: &str) -> bool {
    let rules = spec.dialect.rules();
    let is_unlimited = |ty: &str| ty == "text" || ty == "character varying";
    let is_coarser = || {
        let is_mart = matches!(slot, Slot::Mart(id) if spec.table(id).load.is_none());
        is_mart && found.starts_with("timestamp(") && without_digits(found) == expected
    };
    found == expected || rules.varchar_is_text() && is_unlimited(found) && is_unlimited(expected) || is_coarser()
}

/// `timestamp without time zone` for `timestamp(3) without time zone`.
pub(super) fn without_digits(ty: &str) -> String {
    match (ty.split_once('('), ty.split_once(')')) {
        (Some((before, _)), Some((_, after))) => format!("{before}{after}"),
        _ => ty.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::TableId;
    use crate::source::Inputs;

    #[test]
    fn a_mart_may_write_a_type_in_another_way() {
        let text = "name: s\ndialect: postgres\nschema: s\nperiods: [2025]\nexceptions: {table: x, key: id}\ntables:\n\
                    - {model: m, history: h, unique_key: id, time: {column: day}, rows: latest, \
                    retention: {for: 90 days}, exception: GAP, columns: {id: bigint, day: timestamp}}\n";
        let spec = crate::resolve(&Inputs::new("rowkeep.yml", text)).expect("it resolves");
        let of_mart = |found, expected| is_same_type(&spec, Slot::Mart(TableId(0)), found, expected);
        assert!(of_mart("character varying", "text"));
        assert!(!of_mart("character varying(20)", "text"));
        assert!(of_mart("timestamp(3) without time zone", "timestamp without time zone"));
        assert!(!of_mart("timestamp(3) without time zone", "timestamp with time zone"));
        // A work table must keep every digit.
        let of_stale = is_same_type(
            &spec,
            Slot::Stale(TableId(0)),
            "timestamp(3) without time zone",
            "timestamp without time zone",
        );
        assert!(!of_stale);
    }
}

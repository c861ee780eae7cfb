//! Keys and words of other tools, and what they mean here.

/// Whether a text can stand in a message as it is.
pub(super) fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.len() <= 40 && text.chars().all(|c| c.is_ascii_alphanumeric() || " _.-".contains(c))
}

/// The known key that a word of another tool means.
pub(super) fn synonym<'k>(key: &str, mut known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let key = key.to_ascii_lowercase().replace('-', "_");
    let word = match key.as_str() {
        "due_when" | "where" | "condition" | "conditions" | "filter" | "when" => "only_when",
        "primary_key" | "pk" | "keys" | "key" => "unique_key",
        "hist_periods" | "lists" | "period_lists" => "periods",
        "archive_table" | "hist" => "history",
        "fiscal_year_start" | "fiscal_year_starts" => "fiscal_year",
        "history_retention" | "retain_history" => "keep_history",
        "raw_table" | "from" | "staging" => "source",
        "tz" | "timezone" => "time_zone",
        "engine" | "adapter" | "database_type" | "warehouse" => "dialect",
        "batch" | "batch_size" | "max_rows" => "limit",
        _ => return None,
    };
    known.find(|known| *known == word)
}

/// The known word that a word of another tool means.
pub(super) fn word_synonym(text: &str, mut known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let word = match text.to_ascii_lowercase().replace('-', "_").as_str() {
        "today" | "clock" | "current_date" | "current_timestamp" => "now",
        "append_only" | "append" | "event" | "insert_only" | "immutable" => "events",
        "upsert" | "current" | "newest_version" => "latest",
        "off" | "none" | "disabled" | "skip" => "ignore",
        "info" | "notice" | "hint" => "note",
        _ => return None,
    };
    known.find(|known| *known == word)
}

/// What to write for a key that has its place in another mapping.
pub(super) fn in_another_place<'k>(key: &str, mut known: impl Iterator<Item = &'k str> + Clone) -> Option<String> {
    const OF_PROJECT: [&str; 4] = ["schema", "dialect", "time_zone", "out"];
    const OF_LIST: [&str; 3] = ["keep_history", "sealed_before", "retired_before"];
    let is_table = known.clone().any(|known| known == "unique_key");
    if is_table && OF_PROJECT.contains(&key) {
        return Some(format!("write `{key}` in rowkeep.yml: it is for all tables"));
    }
    if is_table && OF_LIST.contains(&key) {
        return Some(format!(
            "write `{key}` beside the list that has the periods of this table: in rowkeep.yml, or in `periods: {{ periods: [2026], {key}: ... }}`"
        ));
    }
    let is_list = known.clone().any(|known| known == "keep_history") && known.clone().all(|known| known != "dialect");
    if is_list && ["file", "at"].contains(&key) {
        return Some(
            "write it inside of `periods`, as in `periods: { file: dbt_project.yml, at: vars.weeks }`".to_owned(),
        );
    }
    let is_retention = known.clone().any(|known| known == "while_in");
    if is_retention && ["keep", "keep_last", "versions", "max_versions", "newest", "last", "count"].contains(&key) {
        return Some(
            "write a length, as in `for: 180 days`; docs/how-to/choose-a-shape.md says how to keep the newest versions"
                .to_owned(),
        );
    }
    if known.clone().eq(["file", "at"]) {
        return Some(format!(
            "for several lists, write `period_lists: {{ {key}: [2026] }}` in rowkeep.yml, and `periods: {key}` in the specs of their tables"
        ));
    }
    let is_comparison = known.any(|known| known == "at_least" || known == "not");
    (is_comparison && ["in", "one_of", "any_of", "eq"].contains(&key))
        .then(|| "write the value or the list itself, as in `status: [closed, void]`".to_owned())
}

//! The hooks of `examples/handwritten`, for any number of periods.

use rowkeep::{Dialect, Spec};

use crate::{Statements, projects};

const MODELS: [&str; 3] = ["mart_uni_tracking_info", "mart_ecs_order_info", "mart_uni_tracking_spath"];
/// The periods of the files.
const FIRST: (&str, &str, &str) = ("2025_h2", "1751328000", "1767225600");
const SECOND: (&str, &str, &str) = ("2026_h1", "1767225600", "1782864000");

/// The statements of a cycle without the load.
pub fn hooks(spec: &Spec, dialect: Dialect) -> Statements {
    let mut all = Vec::new();
    for model in MODELS {
        let folder = projects::root().join("examples/handwritten").join(model);
        let mut files: Vec<_> = std::fs::read_dir(folder).expect("the example is there").flatten().collect();
        files.sort_by_key(std::fs::DirEntry::file_name);
        for file in files {
            let name = file.file_name().into_string().expect("a plain name");
            let name = format!("{model}/{}", name.trim_end_matches(".sql"));
            let text = std::fs::read_to_string(file.path()).expect("a statement");
            if name.contains("/00_load") || name.ends_with("__2025_h2") {
                continue;
            }
            if name.ends_with("__2026_h1") {
                // One statement per period.
                for period in spec.periods().iter() {
                    let of_period = replaced(&text, SECOND, (&period.name, period.start_epoch(), period.end_epoch()));
                    all.push((format!("{model}/{}", period.name), of_period));
                }
                continue;
            }
            let text = if name.contains("clean_latest") {
                let newest = spec.periods().last().expect("a period");
                text.replace(SECOND.0, &newest.name)
            } else {
                conditions(&text, spec)
            };
            all.push((name, text));
        }
    }
    let clock = if dialect == Dialect::Redshift { "GETDATE()" } else { "CURRENT_TIMESTAMP" };
    all.into_iter().map(|(name, sql)| (name, sql.replace("GETDATE()", clock))).collect()
}

/// A safety check names every period in a line of its own.
fn conditions(text: &str, spec: &Spec) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        if line.contains(FIRST.0) {
            lines.extend(spec.periods().iter().map(|period| line.replace(FIRST.0, &period.name)));
        } else if !line.contains(SECOND.0) {
            lines.push(line.to_owned());
        }
    }
    lines.join("\n")
}

/// The text for another period. Marks replace both old bounds first, because the end of one period
/// is the start of the next.
fn replaced(text: &str, from: (&str, &str, &str), to: (&str, i64, i64)) -> String {
    let open = text.replace(from.2, "{end}").replace(from.1, "{start}").replace(from.0, to.0);
    open.replace("{end}", &to.2.to_string()).replace("{start}", &to.1.to_string())
}

//! An archive that is chosen by the day of the run.

use sqlparser::ast::{BinaryOperator, Expr};

use crate::diagnostic::Code;
use crate::lint::action::Action;
use crate::lint::facts::conjuncts;
use crate::lint::jinja::RUN_DATE;
use crate::lint::rules::Finding;
use crate::lint::rules::proof::is_of_archive;
use crate::lint::unit::Unit;

/// Functions that write a time, or a part of it, as text.
const FORMATS: [&str; 13] = [
    "year",
    "extract",
    "date_part",
    "datepart",
    "to_char",
    "format_date",
    "date_format",
    "strftime",
    "to_varchar",
    "format_timestamp",
    "format_datetime",
    "format",
    "convert",
];
/// What reads the clock inside of such a call.
const CLOCKS: [&str; 8] = [
    "current_date",
    "current_timestamp",
    "now(",
    "getdate(",
    "sysdate",
    "curdate(",
    "sysutcdatetime(",
    "clock_timestamp(",
];

/// The most bytes between the beginning of a name and the clock that is its end.
const NEAR: usize = 200;

/// Whether a text builds a name from a beginning that ends with `_`, shortly before the clock.
fn builds_name(text: &str, clock: usize) -> bool {
    let joins = |after: &str| after.trim_start().starts_with(['|', '+', ',']);
    let is_near = |at: &usize| *at < clock && clock - at < NEAR;
    text.match_indices("_%s").map(|(at, _)| at).any(|at| is_near(&at))
        || text.match_indices("_'").any(|(at, quote)| is_near(&at) && joins(&text[at + quote.len()..]))
}

/// Where a text joins one of these variables to the beginning of a name: `'orders_' + @suffix`, or
/// `format('... orders_%s ...', suffix)`.
fn joined(text: &str, suffixes: &[String]) -> Option<usize> {
    let formatted = text.match_indices("_%s").map(|(at, _)| at).find(|at| {
        let end = text[*at..].find(';').map_or(text.len(), |end| at + end);
        words(&text[*at..end]).iter().any(|word| suffixes.contains(word))
    });
    let added = text.match_indices("_'").map(|(at, quote)| at + quote.len()).find(|at| {
        let rest = text[*at..].trim_start();
        let after = rest.trim_start_matches(['|', '+', ',']);
        let name = after.trim_start().trim_start_matches('@');
        after.len() < rest.len() && words(name).first().is_some_and(|word| suffixes.contains(word))
    });
    formatted.or(added)
}

/// The variable that a text sets.
fn assigned(text: &str) -> Option<String> {
    // `SELECT to_char(...) INTO suffix`, and `suffix := to_char(...)`.
    let into = || text.split_once(" into ").filter(|_| text.trim_start().starts_with("select"));
    if let Some((_, rest)) = into() {
        return words(rest).into_iter().next();
    }
    if let Some((name, _)) = text.split_once(":=") {
        return words(name).pop();
    }
    let mut words = words(text).into_iter();
    matches!(words.next()?.as_str(), "set" | "declare" | "let").then(|| words.next()).flatten()
}

fn words(text: &str) -> Vec<String> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.split(|c: char| !is_part(c)).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The first call in a text that writes the clock as text.
fn written_clock(text: &str) -> Option<usize> {
    FORMATS.iter().find_map(|format| {
        text.match_indices(format).map(|(at, _)| at).find(|&at| {
            let is_word = !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            let arguments = text[at + format.len()..].trim_start().strip_prefix('(');
            // The arguments of the call itself.
            let own = arguments.and_then(|rest| rest.split(';').next()).map(|rest| {
                let end = rest.char_indices().nth(60).map_or(rest.len(), |(end, _)| end);
                &rest[..end]
            });
            is_word && own.is_some_and(|own| CLOCKS.iter().any(|clock| own.contains(clock)))
        })
    })
}

pub(super) fn check(unit: &Unit, found: &mut Vec<Finding>) {
    let mut report = |line: usize| {
        found.push(Finding {
            code: Code::ArchiveNamedByRunDate,
            line,
            message: "the archive is chosen by the day of the run, not by the time of the row: a late run puts rows into the archive of another period"
                .to_owned(),
            label: "the day of the run",
            help: "choose the archive by the bounds of its period, one statement per period".to_owned(),
        });
    };
    for read in &unit.statements {
        // `WHERE order_date = '{{ ds }}'`: the day of the run is that of the row.
        let is_of_day = |one: &Expr| match one {
            Expr::BinaryOp { op: BinaryOperator::Eq, left, right } => {
                [left, right].into_iter().any(|side| side.to_string().contains(RUN_DATE))
            }
            _ => false,
        };
        let (into, is_of_day) = match read.action() {
            // A table of one run is no archive.
            Action::Copy(copy)
                if !copy.creates || copy.sources().iter().any(|from| is_of_archive(unit, from, &copy.into)) =>
            {
                let is_of_day = copy.conditions().into_iter().any(is_of_day);
                (copy.into, is_of_day)
            }
            Action::Move { copy, deletes: (delete, _) } => {
                (copy.into, delete.selection.iter().flat_map(conjuncts).any(is_of_day))
            }
            _ => continue,
        };
        if is_of_day {
            continue;
        }
        if into.name().contains(RUN_DATE) {
            report(read.line());
        }
    }
    let has = |words: &[&str]| {
        unit.texts.iter().any(|text| {
            let text = text.sql.text.to_lowercase();
            words.iter().any(|word| text.contains(word))
        })
    };
    // A partition is chosen by its bounds, and a clone or an empty table moves no row.
    let creates_empty = has(&["partition of", " clone ", " like "]) && !has(&["as select", "as (select"]);
    let moves: &[&str] = match creates_empty {
        true => &["insert into", "rename to"],
        false => &["insert into", "create table", "rename to", " into "],
    };
    if !has(&["exec", "prepare", "identifier("]) || !has(moves) {
        return;
    }
    // `SET ym = DATE_FORMAT(CURDATE(), '%Y%m')`.
    let texts = || unit.texts.iter().map(|text| (&text.sql, text.sql.text.to_lowercase()));
    let suffixes: Vec<String> =
        texts().filter(|(_, text)| written_clock(text).is_some()).filter_map(|(_, text)| assigned(&text)).collect();
    for (marked, text) in texts() {
        if let Some(at) = joined(&text, &suffixes) {
            report(marked.line(at));
            continue;
        }
        // Dynamic SQL: the name of a table is a text that ends with `_`, and a formatted clock.
        if let Some(at) = written_clock(&text).filter(|at| builds_name(&text, *at)) {
            report(marked.line(at));
        }
    }
}

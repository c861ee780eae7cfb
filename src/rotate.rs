//! Adds the next period to the file that holds the list. Comments, style and line ends stay as they
//! are.

use crate::check::{drifted_period, rotation};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, quoted};
use crate::project::{Day, PeriodId, PeriodList, PeriodListId, Spec, following};
use crate::source::{Inputs, Span, line_of};

/// The result of a rotation.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Rotation {
    /// The period was added.
    Added {
        /// Its name.
        period: String,
        /// The inputs with the line added.
        inputs: Box<Inputs>,
        /// The name of the file that holds the list.
        file: String,
        /// The line that was added or changed, from 1.
        line: usize,
        /// The whole text of that file, with the line.
        text: String,
    },
    /// The period is already listed. Nothing changes.
    Listed {
        /// Its name.
        period: String,
        /// The name of the file that lists it.
        file: String,
        /// Its line, from 1.
        line: usize,
    },
}

/// A period that cannot be added, with the findings.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the period cannot be added: {diagnostics}")]
#[non_exhaustive]
pub struct Refused {
    /// The findings.
    pub diagnostics: Diagnostics,
    /// The inputs that caused the findings: before the edit, or with the edit.
    pub inputs: Box<Inputs>,
}

/// Adds a period to a list: to the list with this name, or to that of `periods` in rowkeep.yml. If
/// `period` is `None`, its name continues the names of the list. If `end` is `None`, it is as long
/// as the last period: as many months, or as many weeks.
///
/// # Errors
///
/// If the project does not compile before or after the edit: for example, the period leaves a gap or
/// overlaps another one. If the list has no pattern that gives the name or the end (RK210), or if a
/// period of the list has drifted (RK211).
///
/// ```
/// use rowkeep::Inputs;
/// use rowkeep::rotate::{Rotation, rotate};
///
/// let inputs = Inputs::new("rowkeep.yml", "name: shop\ndialect: duckdb\nschema: s\nperiods: periods.yml\nexceptions: x\ntables:\n- {model: mart, history: hist, unique_key: id, time: {column: day}, rows: latest, retention: {for: 90 days}, exception: GAP, columns: {id: bigint, day: date}}\n")
///     .with_periods("periods.yml", "hist_periods:\n  - 2025_h2 # the first\n");
/// let Ok(Rotation::Added { period, text, .. }) = rotate(&inputs, None, None, None) else { panic!() };
/// assert_eq!(period, "2026_h1");
/// assert_eq!(text, "hist_periods:\n  - 2025_h2 # the first\n  - 2026_h1\n");
/// ```
pub fn rotate(
    inputs: &Inputs,
    list: Option<&str>,
    period: Option<&str>,
    end: Option<Day>,
) -> Result<Rotation, Refused> {
    let refused = |diagnostics: Diagnostics, inputs: &Inputs| Refused { diagnostics, inputs: Box::new(inputs.clone()) };
    let spec = crate::resolve(inputs).map_err(|wrong| refused(wrong, inputs))?;
    let id = list_of(&spec, list).map_err(|wrong| refused((*wrong).into(), inputs))?;
    let list = spec.list(id);
    let mut ids = list.ids.clone().map(PeriodId);
    if let Some(listed) = ids.find(|&listed| Some(spec.period(listed).name.as_str()) == period) {
        let at = spec.span_of(listed);
        let (file, line) = (inputs.name(at.file).to_owned(), line_of(inputs.text(at.file), at.start));
        return Ok(Rotation::Listed { period: spec.period(listed).name.clone(), file, line });
    }
    let last = list.last().filter(|_| spec.tables.iter().any(|table| table.periods == Some(id)));
    let Some(last) = last.map(|last| spec.span_of(last)) else {
        let message = "no table of the project has history tables per period: another period would change nothing";
        let label = if list.ids.is_empty() { "no periods" } else { "not used by any table" };
        let diagnostic = Diagnostic::new(Code::NoPeriods, message, list.places.list, label);
        return Err(refused(diagnostic.into(), inputs));
    };
    // The periods of an alias have the place of the alias.
    if inputs.text(last.file).get(last.start..last.end).is_some_and(|text| text.starts_with('*')) {
        let message = "rowkeep cannot add a period to this list, because it is an alias of another list";
        let diagnostic = Diagnostic::new(Code::WrongType, message, list.places.list, "an alias");
        let help = "write the list in place, or let the tables use the other list";
        return Err(refused(Diagnostics::from(diagnostic.help(help)), inputs));
    }
    let (name, entry) = next(&spec, list, period, end, last).map_err(|wrong| refused((*wrong).into(), inputs))?;
    let (text, line) = added(inputs.text(last.file), last, &entry);
    let edited = inputs.with_edited(last.file, &text);
    let after = crate::resolve(&edited).map_err(|wrong| refused(wrong, &edited))?;
    if !is_one_more(&spec, &after, list, &name) {
        let message = format!(
            "rowkeep cannot add {entry} to this list: the edited file would not list exactly one more period, or would change another list too"
        );
        let diagnostic = Diagnostic::new(Code::WrongType, message, last, "after this entry");
        return Err(refused(Diagnostics::from(diagnostic.help("add the entry by hand")), inputs));
    }
    let file = inputs.name(last.file).to_owned();
    Ok(Rotation::Added { period: name, inputs: Box::new(edited), file, line, text })
}

/// The list of a command: the list with this name, the list without a name, or the only list.
pub(crate) fn list_of(spec: &Spec, name: Option<&str>) -> Result<PeriodListId, Box<Diagnostic>> {
    if let Some(id) = spec.list_named(name) {
        return Ok(id);
    }
    let names: Vec<_> = spec.lists().filter_map(|(_, list)| list.name.as_deref()).collect();
    let message = match name {
        None if names.len() == 1 => return Ok(PeriodListId(0)),
        None => "the project has several lists of periods, and none without a name".to_owned(),
        Some(name) => format!("the project has no list of periods with the name {}", quoted(name)),
    };
    let diagnostic = Diagnostic::new(Code::PeriodListName, message, spec.places.periods, "a list of periods");
    Err(Box::new(match names.as_slice() {
        [] => diagnostic.help("leave out `--list`: the project has one list"),
        names => {
            let unnamed = if spec.list_named(None).is_some() { "; or leave it out, for `periods`" } else { "" };
            diagnostic.help(format!("write `--list NAME`, with one of: {}{unnamed}", names.join(", ")))
        }
    }))
}

/// The name and the text of the next entry.
fn next(
    spec: &Spec,
    list: &PeriodList,
    period: Option<&str>,
    end: Option<Day>,
    place: Span,
) -> Result<(String, String), Box<Diagnostic>> {
    let listed = spec.listed(list);
    // The name must give the bounds, as the name of the last period does.
    let names_give_bounds = listed.last().is_some_and(|last| spec.bounds_of(&last.name).is_some());
    let is_name = |name: &&str| end.is_none() && (names_give_bounds || spec.bounds_of(name).is_some());
    if let Some(name) = period.filter(is_name) {
        return Ok((name.to_owned(), name.to_owned()));
    }
    let missing = |message: String, help: &str| {
        Box::new(Diagnostic::new(Code::NoNextPeriod, message, place, "the last period").help(help))
    };
    if let Some(found) = drifted_period(spec, list) {
        return Err(Box::new(found));
    }
    let found = following(listed, spec.fiscal_year);
    let continued = found.as_ref().and_then(|found| found.name.clone());
    let Some(end) = end.map(Day::date).or(found.as_ref().and_then(|found| found.end)) else {
        let message =
            "the last periods have no common length in months or weeks, so the end of the next one is unknown";
        return Err(missing(
            message.to_owned(),
            &format!("state the first day after it: `{} NAME --end YYYY-MM-DD`", rotation(list)),
        ));
    };
    let Some(name) = period.map(str::to_owned).or(continued) else {
        let message =
            format!("no name continues the names of the periods, so the name of the next one, until {end}, is unknown");
        return Err(missing(message, &format!("state its name: `{} NAME`", rotation(list))));
    };
    let start = listed.last().map(|last| last.end()).unwrap_or_default();
    // The name is enough if it gives these bounds.
    let entry = match spec.bounds_of(&name) {
        Some((first, until)) if first.to_string() == start && until == end => name.clone(),
        _ => format!("{{ name: {name}, start: {start}, end: {end} }}"),
    };
    Ok((name, entry))
}

/// The text with a new entry after the last one, and the line of the new entry.
fn added(text: &str, last: Span, entry: &str) -> (String, usize) {
    let begin = text[..last.start].rfind('\n').map_or(0, |at| at + 1);
    let lead = &text[begin..last.start];
    let indent = &lead[..lead.len() - lead.trim_start().len()];
    let dash = lead.trim_start().strip_prefix('-').filter(|space| !space.contains(['[', ',']));
    let end = end_of_entry(text, last, dash.map(|_| indent.len()));
    let Some(space) = dash else {
        let (head, tail) = text.split_at(end);
        return (format!("{head}, {entry}{tail}"), line_of(text, end));
    };
    let (at, line_end) = match text[end..].find('\n') {
        Some(at) if text[..end + at].ends_with('\r') => (end + at + 1, "\r\n"),
        Some(at) => (end + at + 1, "\n"),
        None => (text.len(), "\n"),
    };
    let (head, tail) = text.split_at(at);
    let space = &space[..space.len() - space.trim_start().len()];
    let own = format!("{indent}-{}{entry}", if space.is_empty() { " " } else { space });
    if head.ends_with('\n') {
        (format!("{head}{own}{line_end}{tail}"), line_of(text, at))
    } else {
        (format!("{head}{line_end}{own}{tail}"), line_of(text, at) + 1)
    }
}

/// The offset at which the last entry ends. `last` is the place of a scalar, or of the first key of
/// a mapping. `indent` is the indentation of the dash of the entry, if it has one.
fn end_of_entry(text: &str, last: Span, indent: Option<usize>) -> usize {
    let begin = text[..last.start].rfind('\n').map_or(0, |at| at + 1);
    let is_flow = text[begin..last.start].trim_end().ends_with('{');
    if is_flow {
        let mut quote = None;
        for (at, c) in text[last.start..].char_indices() {
            match (quote, c) {
                (None, '"' | '\'') => quote = Some(c),
                (Some(open), c) if c == open => quote = None,
                (None, '}') => return last.start + at + 1,
                _ => {}
            }
        }
        return text.len();
    }
    let end = last.start + text[last.start..last.end].trim_end().len();
    let is_mapping = text[end..].trim_start_matches(['"', '\'']).trim_start_matches(' ').starts_with(':');
    match indent {
        Some(indent) if is_mapping => {
            // The lines of the mapping are indented more than its dash.
            let mut end = end;
            let mut at = text[end..].find('\n').map_or(text.len(), |next| end + next + 1);
            end = if at == text.len() { at } else { at - 1 };
            while at < text.len() {
                let line = text[at..].split_inclusive('\n').next().unwrap_or_default();
                let inner = line.trim_start();
                if !inner.is_empty() && !inner.starts_with('#') {
                    if line.len() - inner.len() <= indent {
                        break;
                    }
                    end = at + line.trim_end().len();
                }
                at += line.len();
            }
            end
        }
        // A quoted name ends after its closing quote.
        _ => end + usize::from(text[end..].starts_with(['"', '\''])),
    }
}

/// Whether the only difference of the lists is one more period at the end of a list.
fn is_one_more(before: &Spec, after: &Spec, list: &PeriodList, name: &str) -> bool {
    let mut expected = names_of_lists(before);
    for (found, names) in &mut expected {
        if *found == list.name {
            names.push(name.to_owned());
        }
    }
    names_of_lists(after) == expected
}

/// The lists, each with its name and the names of its periods.
fn names_of_lists(spec: &Spec) -> Vec<(Option<String>, Vec<String>)> {
    let names = |list| spec.listed(list).iter().map(|period| period.name.clone()).collect();
    spec.lists().map(|(_, list)| (list.name.clone(), names(list))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROJECT: &str = "name: shop\ndialect: duckdb\nschema: s\nperiods: periods.yml\nexceptions: x\ntables:\n- {model: mart, history: hist, unique_key: id, time: {column: day}, rows: latest, retention: {for: 90 days}, exception: GAP, columns: {id: bigint, day: date}}\n";

    fn inputs(periods: &str) -> Inputs {
        Inputs::new("rowkeep.yml", PROJECT).with_periods("periods.yml", periods)
    }

    #[test]
    fn style_comments_and_line_ends_stay() {
        for (before, after, at) in [
            ("hist_periods:\n- 2025_h2\n", "hist_periods:\n- 2025_h2\n- 2026_h1\n", 3),
            ("hist_periods:\n- 2025_h2", "hist_periods:\n- 2025_h2\n- 2026_h1", 3),
            (
                "hist_periods:\r\n  -  2025_h2 # x\r\n# y\r\n",
                "hist_periods:\r\n  -  2025_h2 # x\r\n  -  2026_h1\r\n# y\r\n",
                3,
            ),
            ("hist_periods: [2025_h2] # x\n", "hist_periods: [2025_h2, 2026_h1] # x\n", 1),
            ("hist_periods: [\n  2025_q4, # x\n]\n", "hist_periods: [\n  2025_q4, 2026_q1, # x\n]\n", 2),
            ("hist_periods:\n  - \"2025_m12\"\n", "hist_periods:\n  - \"2025_m12\"\n  - 2026_m01\n", 3),
            ("hist_periods:\n  - 2025\n\n", "hist_periods:\n  - 2025\n  - 2026\n\n", 3),
            (
                "hist_periods:\n  - { name: fy2024, start: 2024-04-01, end: 2025-04-01 } # old\n",
                "hist_periods:\n  - { name: fy2024, start: 2024-04-01, end: 2025-04-01 } # old\n  - { name: fy2025, start: 2025-04-01, end: 2026-04-01 }\n",
                3,
            ),
            (
                "hist_periods:\n  - name: fy2024\n    start: 2024-04-01\n    end: 2025-04-01\n\n# the end\n",
                "hist_periods:\n  - name: fy2024\n    start: 2024-04-01\n    end: 2025-04-01\n  - { name: fy2025, start: 2025-04-01, end: 2026-04-01 }\n\n# the end\n",
                5,
            ),
        ] {
            match rotate(&inputs(before), None, None, None) {
                Ok(Rotation::Added { text, line, .. }) => assert_eq!((text.as_str(), line), (after, at)),
                other => panic!("{before}: {other:?}"),
            }
        }
    }

    #[test]
    fn what_leaves_a_gap_or_overlaps_is_refused() {
        for (period, code) in [("2026_h2", "RK202"), ("2025_q4", "RK203"), ("2025_h9", "RK201")] {
            let refused = rotate(&inputs("hist_periods:\n- 2025_h2\n"), None, Some(period), None).unwrap_err();
            assert_eq!(refused.diagnostics.iter().next().unwrap().code().as_str(), code, "{period}");
        }
        let Ok(Rotation::Listed { line, .. }) =
            rotate(&inputs("hist_periods:\n- 2025_h2\n"), None, Some("2025_h2"), None)
        else {
            panic!()
        };
        assert_eq!(line, 2);
    }
}

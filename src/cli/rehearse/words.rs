//! Formats the result of a rehearsal as text.

use std::fmt::Write;

use crate::cli::rehearse::Arguments;
use crate::diagnostic::typed;
use crate::rehearse::{Counterexample, Ledger, Report, Verdict};

pub(super) fn report(report: &Report, arguments: &Arguments) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = heading(&mut text, report);
    let _ = ledger(&mut text, &report.ledger);
    text.push('\n');
    for verdict in &report.laws {
        let _ = law(&mut text, verdict, report.seeds);
    }
    for found in report.laws.iter().filter_map(|verdict| verdict.counterexample.as_ref()) {
        text.push('\n');
        let _ = counterexample(&mut text, found, arguments);
    }
    text
}

fn heading(text: &mut String, report: &Report) -> std::fmt::Result {
    let done = &report.done;
    let stories = if report.seeds == 1 { "story" } else { "stories" };
    writeln!(text, "rehearsed {} on {}: {} {stories}", report.project, report.dialect, report.seeds)?;
    writeln!(
        text,
        "  {} rows delivered, {} cycles and {} sweeps completed, {} stops, {} statements, {} checks of all tables\n",
        done.deliveries, done.cycles, done.sweeps, done.stops, done.statements, done.looks
    )
}

fn ledger(text: &mut String, tables: &[Ledger]) -> std::fmt::Result {
    let width = tables.iter().map(|table| table.model.len()).max().unwrap_or(0);
    // Most projects purge nothing.
    let purges = tables.iter().any(|table| table.purged > 0);
    let purged = |cell: &dyn std::fmt::Display| if purges { format!(" + {cell:>6}") } else { String::new() };
    writeln!(
        text,
        "{:width$}  {:>8} = {:>7} + {:>10} + {:>8}{}   {:>5}  {:>8}",
        "",
        "accepted",
        "in mart",
        "superseded",
        "archived",
        purged(&"purged"),
        "held",
        "restored"
    )?;
    for table in tables {
        let archived: usize = table.archived.iter().map(|archived| archived.rows).sum();
        let sign = if table.closes { '=' } else { '≠' };
        writeln!(
            text,
            "{:width$}  {:>8} {sign} {:>7} + {:>10} + {archived:>8}{}   {:>5}  {:>8}",
            table.model,
            table.accepted,
            table.in_mart,
            table.superseded,
            purged(&table.purged),
            table.held,
            table.restored
        )?;
        let periods: Vec<_> =
            table.archived.iter().map(|archived| format!("{} {}", archived.period, archived.rows)).collect();
        if !periods.is_empty() {
            writeln!(text, "{:width$}  archived: {}", "", periods.join(", "))?;
        }
    }
    Ok(())
}

fn law(text: &mut String, verdict: &Verdict, stories: u64) -> std::fmt::Result {
    let (law, title) = (verdict.law.to_string(), verdict.title);
    match verdict.broken_by.as_slice() {
        [] => writeln!(text, "✓ {law:3} {title}"),
        broken => writeln!(text, "✗ {law:3} {title}: broken in {} of {stories}", broken.len()),
    }
}

fn counterexample(text: &mut String, found: &Counterexample, arguments: &Arguments) -> std::fmt::Result {
    writeln!(text, "{}[{}] {}: {}, {}", found.law, found.law.code(), found.law.title(), found.model, found.row)?;
    writeln!(text, "  {}\n", found.what)?;
    for event in &found.events {
        writeln!(text, "{}", format!("  {:19}  {:7}  {}", event.at, event.kind, event.text).trim_end())?;
        let width = event.moves.iter().map(|step| step.statement.len()).max().unwrap_or(0);
        for step in &event.moves {
            let (before, after) = (places(&step.before), places(&step.after));
            // The line above ends with the places before this step. The last step repeats them.
            if step.is_last {
                writeln!(text, "  {:19}  {:>6} {:width$}  {before} → {after}", "", ">", step.statement)?;
            } else {
                writeln!(text, "  {:19}  {:6} {:width$}  → {after}", "", "", step.statement)?;
            }
        }
    }
    let mut again = format!("rowkeep rehearse --seed {}", found.seed);
    if arguments.cycles != 24 {
        again.push_str(&format!(" --cycles {}", arguments.cycles));
    }
    // The URL is not printed, because it may hold a password.
    if arguments.url.is_some() {
        again.push_str(" --url ...");
    }
    if let Some(hooks) = &arguments.hooks {
        again.push_str(&format!(" --hooks {}", typed(&hooks.display().to_string())));
    }
    if let Some(project) = &arguments.project {
        again.push_str(&format!(" --project {}", typed(&project.display().to_string())));
    }
    writeln!(text, "\n  again: {again}")
}

fn places(places: &[String]) -> String {
    if places.is_empty() { "nowhere".to_owned() } else { places.join(" and ") }
}

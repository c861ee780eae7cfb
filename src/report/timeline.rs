//! The timeline of the periods of a table, as SVG.

use std::fmt::Write;

use crate::check::{Day, Edges};
use crate::project::{Retention, Spec, Table};
use crate::report::{day, shown};

/// Width and height of the picture, in units of its view box.
const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 118.0;
/// The margin at the left and right.
const MARGIN: f64 = 12.0;

/// The time that the picture shows: from the first bound or mark to a little after the last one.
struct Scale {
    from: i64,
    until: i64,
}

impl Scale {
    #[expect(clippy::cast_precision_loss, reason = "pixels")]
    fn x(&self, at: i64) -> f64 {
        let share = (at - self.from) as f64 / (self.until - self.from).max(1) as f64;
        MARGIN + share.clamp(0.0, 1.0) * (WIDTH - 2.0 * MARGIN)
    }
}

/// Draws the periods as boxes, the horizon as a line, and below the boxes the rows that are in the
/// mart today.
pub(super) fn svg(spec: &Spec, table: &Table, edges: &Edges, today: Option<Day>) -> String {
    let (Some(first), Some(last)) = (spec.periods.first(), spec.periods.last()) else { return String::new() };
    let horizon = edges.horizon.map_or(last.end_epoch(), Day::epoch);
    let now = today.map(Day::epoch);
    let cutoff = now.map(|now| edges.length.before(now));
    let marks = [Some(first.start_epoch()), Some(last.end_epoch()), Some(horizon), now, cutoff];
    let (from, until) = (marks.iter().flatten().min(), marks.iter().flatten().max());
    let (Some(&from), Some(&until)) = (from, until) else { return String::new() };
    let scale = Scale { from, until: until + (until - from) / 12 };
    let title = format!(
        "Periods of {}: from {}, until {}; horizon {}",
        table.model.value.as_str(),
        first.start(),
        last.end(),
        day(edges.horizon)
    );
    let mut out = format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{0}\"><title>{0}</title>\n",
        shown(&title)
    );
    let mut add = |text: String| {
        let _ = writeln!(out, "{text}");
    };
    add(format!("<line class=\"axis\" x1=\"{MARGIN}\" y1=\"62\" x2=\"{}\" y2=\"62\"/>", WIDTH - MARGIN));
    for period in &spec.periods {
        let (x, end) = (scale.x(period.start_epoch()), scale.x(period.end_epoch()));
        let width = (end - x - 2.0).max(1.0);
        let class = if period.sealed { "sealed" } else { "open" };
        add(format!(
            "<g class=\"period\"><title>{}: [{}, {}), {class}</title><rect class=\"{class}\" x=\"{:.1}\" y=\"22\" width=\"{width:.1}\" height=\"30\" rx=\"5\"/>",
            shown(&period.name),
            period.start(),
            period.end(),
            x + 1.0
        ));
        // In a narrow box, only the title has the name.
        if width > 6.5 * f64::from(u32::try_from(period.name.len()).unwrap_or(u32::MAX)) {
            add(format!(
                "<text x=\"{:.1}\" y=\"41\" text-anchor=\"middle\">{}</text>",
                x + 1.0 + width / 2.0,
                shown(&period.name)
            ));
        }
        add("</g>".to_owned());
    }
    for (at, text, anchor) in [(first.start_epoch(), first.start(), "start"), (last.end_epoch(), last.end(), "middle")]
    {
        add(format!("<text class=\"soft\" x=\"{:.1}\" y=\"15\" text-anchor=\"{anchor}\">{text}</text>", scale.x(at)));
    }
    if let (Some(now), Some(cutoff), Some(today)) = (now, cutoff, today) {
        let (x, end) = (scale.x(cutoff), scale.x(now));
        let label = match table.retention {
            Retention::WhileIn { .. } => "in the mart, and older rows whose key is in its parent",
            Retention::For { .. } => "in the mart",
        };
        add(format!(
            "<rect class=\"mart\" x=\"{x:.1}\" y=\"70\" width=\"{:.1}\" height=\"20\" rx=\"5\"/>",
            (end - x).max(1.0)
        ));
        add(format!("<text x=\"{:.1}\" y=\"84\" text-anchor=\"middle\">{label}</text>", f64::midpoint(x, end)));
        add(format!("<line class=\"today\" x1=\"{end:.1}\" y1=\"18\" x2=\"{end:.1}\" y2=\"96\"/>"));
        add(format!("<text x=\"{end:.1}\" y=\"108\" text-anchor=\"middle\">{today}</text>"));
        add(format!("<text class=\"soft\" x=\"{x:.1}\" y=\"108\" text-anchor=\"middle\">cutoff</text>"));
    }
    if edges.horizon.is_some() {
        let x = scale.x(horizon);
        add(format!("<line class=\"horizon\" x1=\"{x:.1}\" y1=\"18\" x2=\"{x:.1}\" y2=\"96\"/>"));
        add(format!(
            "<text class=\"warn\" x=\"{x:.1}\" y=\"15\" text-anchor=\"middle\">horizon {}</text>",
            day(edges.horizon)
        ));
    }
    out.push_str("</svg>");
    out
}

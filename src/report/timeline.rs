//! The places of the timeline of a table. `templates/report/timeline.html.j2` draws it.

use minijinja::{Value, context};

use crate::check::{Day, Edges};
use crate::project::{Retention, Spec, TableId};
use crate::report::day;

/// The width of the picture and its margin at the left and right, in units of its view box.
const WIDTH: f64 = 1000.0;
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

/// A place in the picture, as SVG writes it.
fn place(x: f64) -> String {
    format!("{x:.1}")
}

/// The periods, the horizon, and the rows that are in the mart today. `None` without periods.
pub(super) fn timeline(spec: &Spec, id: TableId, edges: &Edges, today: Option<Day>) -> Option<Value> {
    let table = spec.table(id);
    let listed = spec.listed(spec.list_of(id)?);
    let (first, last) = listed.first().zip(listed.last())?;
    let horizon = edges.horizon.map_or(last.midnights().end, Day::epoch);
    let now = today.map(Day::epoch);
    let cutoff = now.map(|now| edges.length.before(now));
    let marks = [Some(first.midnights().start), Some(last.midnights().end), Some(horizon), now, cutoff];
    let (from, until) = marks.iter().flatten().min().copied().zip(marks.iter().flatten().max().copied())?;
    let scale = Scale { from, until: until + (until - from) / 12 };
    let title = format!(
        "Periods of {}: from {}, until {}; horizon {}",
        table.model.value.as_str(),
        first.start(),
        last.end(),
        day(edges.horizon)
    );
    let periods = listed.iter().map(|period| {
        let (x, end) = (scale.x(period.midnights().start), scale.x(period.midnights().end));
        let width = (end - x - 2.0).max(1.0);
        context! {
            name => period.name.as_str(),
            start => period.start().to_string(),
            end => period.end().to_string(),
            state => if period.sealed { "sealed" } else { "open" },
            x => place(x + 1.0),
            width => place(width),
            middle => place(x + 1.0 + width / 2.0),
            // In a narrow box, only the title has the name.
            fits => width > 6.5 * f64::from(u32::try_from(period.name.len()).unwrap_or(u32::MAX)),
        }
    });
    let mark = |at: i64, day: String| context! { x => place(scale.x(at)), day };
    let mart = cutoff.zip(today).map(|(cutoff, today)| {
        let (x, end) = (scale.x(cutoff), scale.x(today.epoch()));
        context! {
            x => place(x),
            end => place(end),
            width => place((end - x).max(1.0)),
            middle => place(f64::midpoint(x, end)),
            today => today.to_string(),
            keeps_older => matches!(table.retention, Retention::WhileIn { .. }),
        }
    });
    Some(context! {
        title,
        left => place(MARGIN),
        right => place(WIDTH - MARGIN),
        periods => periods.collect::<Vec<_>>(),
        first => mark(first.midnights().start, first.start().to_string()),
        last => mark(last.midnights().end, last.end().to_string()),
        mart,
        horizon => edges.horizon.map(|_| mark(horizon, day(edges.horizon))),
    })
}

//! The edges of the periods: the days between which rows have a period, and the horizon.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::check::{Day, Options};
use crate::diagnostic::{Code, Diagnostic, Level, Sink, quoted, some};
use crate::project::{Length, Period, PeriodId, PeriodList, Spec, TableId, drifted, following};

/// Both edges of the periods for one table. Days are UTC.
#[derive(Clone, Debug, Serialize)]
pub struct Edges {
    /// The model.
    pub model: String,
    /// Whether due rows are deleted for good.
    pub is_purged: bool,
    /// Whether the table has one history table per period. Without periods, there are no edges.
    pub has_periods: bool,
    /// Rows older than this day fall into no period. `None` without periods.
    #[serde(serialize_with = "as_text")]
    pub lower_edge: Option<Day>,
    /// From this day on, due rows fall into no period. `None` without periods, and if the day is
    /// after the year 9999.
    #[serde(serialize_with = "as_text")]
    pub horizon: Option<Day>,
    /// The length of the retention.
    #[serde(skip)]
    pub length: Length,
    /// How long a row stays at most, in seconds. With `while_in`, how long a row stays in the root
    /// of its parents.
    pub retention_seconds: u64,
}

fn as_text<S: serde::Serializer>(day: &Option<Day>, serializer: S) -> Result<S::Ok, S::Error> {
    match day {
        Some(day) => serializer.collect_str(day),
        None => serializer.serialize_none(),
    }
}

/// The edges of every table, in run order.
pub fn edges(spec: &Spec) -> Vec<Edges> {
    let edges_of = |(id, table): (TableId, &crate::project::Table)| {
        let length = spec.retention_length(id);
        let periods = spec.list_of(id).map_or(&[][..], |list| spec.listed(list));
        let end = periods.last().map(|last| length.after(last.midnights().end));
        Edges {
            model: table.model.value.as_str().to_owned(),
            is_purged: table.is_purged(),
            has_periods: table.has_periods(),
            lower_edge: periods.first().and_then(|first| Day::of_epoch(first.midnights().start)),
            horizon: end.and_then(Day::of_epoch),
            length,
            retention_seconds: length.bounds().1,
        }
    };
    spec.tables().map(edges_of).collect()
}

/// Reports what `check` says of each list of periods.
pub(super) fn report(spec: &Spec, edges: &[Edges], options: &Options<'_>, sink: &mut Sink) {
    for (_, list) in spec.lists() {
        drifted_period(spec, list).into_iter().for_each(|found| sink.push(found.at_level(Level::Warning)));
    }
    let Some(today) = options.today else { return };
    for (id, tables) in spec.used_lists() {
        let list = List { spec, list: spec.list(id), edges: tables.iter().map(|table| &edges[table.0]).collect() };
        list.horizons(options, today, sink);
        list.sealed_early(today, sink);
        list.could_be_sealed(today, sink);
        list.may_be_retired(options, today, sink);
    }
}

/// A list of periods, and the edges of its tables.
struct List<'a> {
    spec: &'a Spec,
    list: &'a PeriodList,
    edges: Vec<&'a Edges>,
}

impl List<'_> {
    fn periods(&self) -> &[Period] {
        self.spec.listed(self.list)
    }

    /// Reports horizons that are near or passed. Tables with the same horizon share a finding.
    fn horizons(&self, options: &Options<'_>, today: Day, sink: &mut Sink) {
        let (spec, list) = (self.spec, self.list);
        let Some(last) = list.last().map(|last| spec.span_of(last)) else { return };
        let mut by_horizon: BTreeMap<Day, Vec<&str>> = BTreeMap::new();
        for edge in &self.edges {
            if let Some(horizon) = edge.horizon {
                by_horizon.entry(horizon).or_default().push(&edge.model);
            }
        }
        let command = rotation(list);
        let next = following(self.periods(), spec.fiscal_year)
            .and_then(|next| next.name)
            .map(|name| format!("run `{command}`: it adds {}", quoted(&name)));
        for (horizon, models) in by_horizon {
            let left = horizon.days_since(today);
            let models = some(&models);
            let diagnostic = if left <= 0 {
                let message = format!(
                    "since {horizon}, due rows of {models} fall into no period: they stay in their mart and are reported"
                );
                Diagnostic::new(Code::HorizonPassed, message, last, "the last period")
            } else if left <= i64::from(options.warn_days) {
                let message =
                    format!("from {horizon} on, in {left} days, due rows of {models} will fall into no period");
                Diagnostic::new(Code::HorizonNear, message, last, "the last period").at_level(Level::Warning)
            } else {
                continue;
            };
            sink.push(match &next {
                Some(next) => diagnostic.help(next),
                None => diagnostic,
            });
        }
    }

    /// Proposes `sealed_before` if two or more open periods ended before every cutoff. Only rows that
    /// arrive late still belong to them, but each cycle looks up its keys in them. The newest of these
    /// periods stays open, because most late rows belong to it.
    fn could_be_sealed(&self, today: Day, sink: &mut Sink) {
        let Some(cutoff) = self.edges.iter().map(|edge| edge.length.before(today.epoch())).min() else { return };
        let past: Vec<_> =
            self.periods().iter().filter(|period| !period.sealed && period.midnights().end <= cutoff).collect();
        let [.., _, newest] = past.as_slice() else { return };
        let Some(at) = Day::of_epoch(cutoff) else { return };
        let message = format!(
            "{} open periods ended before the earliest cutoff, {at}: each cycle looks up its keys in all of them",
            past.len()
        );
        let places = self.list.places;
        let place = places.sealed_before.unwrap_or(places.list);
        let day = newest.start();
        let edit = match &self.list.name {
            Some(name) => format!(
                "write `sealed_before: {day}` beside the periods of the list `{name}`, as in `{{ periods: [2026], sealed_before: {day} }}`"
            ),
            None => format!("write `sealed_before: {day}` in rowkeep.yml"),
        };
        let help = format!(
            "{edit}: only the nightly sweep then reads older periods, and rows that arrive late for them wait for it"
        );
        sink.push(Diagnostic::new(Code::Unsealed, message, place, "open periods").at_level(Level::Note).help(help));
    }

    /// Reports the oldest period if its rows no longer need to be kept, or soon.
    fn may_be_retired(&self, options: &Options<'_>, today: Day, sink: &mut Sink) {
        let (Some(keep), [first, _, ..]) = (&self.list.keep_history, self.periods()) else { return };
        let Some(from) = Day::of_epoch(keep.value.after(first.midnights().end)) else { return };
        let left = from.days_since(today);
        let (message, level) = if left <= 0 {
            let message = format!(
                "the rows of period {} need not be kept since {from}: it ended on {}, and keep_history is {}",
                quoted(&first.name),
                first.end(),
                keep.value
            );
            (message, Level::Warning)
        } else if left <= i64::from(options.warn_days) {
            let message = format!(
                "from {from} on, in {left} {}, the rows of period {} need not be kept",
                if left == 1 { "day" } else { "days" },
                quoted(&first.name)
            );
            (message, Level::Note)
        } else {
            return;
        };
        let place = self.spec.span_of(PeriodId(self.list.ids.start));
        let book = self.list.runbook("retire-period");
        sink.push(
            Diagnostic::new(Code::HistoryKept, message, place, "the oldest period")
                .at_level(level)
                .help(format!("follow `rowkeep runbook {book}`; Rowkeep drops nothing itself")),
        );
    }

    /// Reports a `sealed_before` that is after a cutoff. Due rows of a sealed period wait for the
    /// nightly sweep, and their keys are held until then. Sealing is meant for the few rows that arrive
    /// late, not for all rows.
    fn sealed_early(&self, today: Day, sink: &mut Sink) {
        let sealed = self.periods().iter().rfind(|period| period.sealed);
        let (Some(sealed), Some(place)) = (sealed, self.list.places.sealed_before) else { return };
        let cutoff = |edge: &Edges| edge.length.before(today.epoch());
        let Some(latest) = self.edges.iter().min_by_key(|edge| cutoff(edge)) else { return };
        if cutoff(latest) >= sealed.midnights().end {
            return;
        }
        let (Some(at), until) = (Day::of_epoch(cutoff(latest)), sealed.end()) else { return };
        let message = format!(
            "sealed_before {until} seals periods in which rows of {} still become due: its cutoff is {at}, and each such row would wait for the sweep",
            latest.model
        );
        sink.push(
            Diagnostic::new(Code::SealedEarly, message, place, "after the cutoff")
                .help("write the start of the period that contains the cutoff, or remove the key"),
        );
    }
}

/// The finding about a period that repeats a number of days where the periods before it have whole
/// months.
pub(crate) fn drifted_period(spec: &Spec, list: &PeriodList) -> Option<Diagnostic> {
    let periods = spec.listed(list);
    let (period, wanted) = drifted(periods)?;
    let nth = periods.iter().position(|listed| listed.name == period.name).unwrap_or_default();
    let place = spec.span_of(PeriodId(list.ids.start + nth));
    let message = format!(
        "period {} ends on {}, but the pattern of the periods before it gives {wanted}: each later period begins on the wrong day",
        quoted(&period.name),
        period.end()
    );
    let finding = Diagnostic::new(Code::Drifted, message, place, "ends on another day of the month");
    Some(finding.help(format!("write `end: {wanted}` while its history tables are empty")))
}

/// The command that adds the next period of a list.
pub(crate) fn rotation(list: &PeriodList) -> String {
    list.name.as_ref().map_or_else(|| "rowkeep rotate".to_owned(), |name| format!("rowkeep rotate --list {name}"))
}

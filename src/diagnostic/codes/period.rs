//! RK2xx: periods and dates.

macro_rules! period_codes {
    ($next:ident $($rest:ident)*; $($before:tt)*) => {
        $next! {
            $($rest)*; $($before)*
            /// Rowkeep cannot read the bounds of a period from its name, or the name contradicts
            /// them.
            ///
            /// Names such as `2025_h2`, `2025_q3`, `2025_m07`, `2025_w01`, `2025_07_01` and `2025`
            /// give their bounds. So do `fy2025` and `fy2025_q3`, if the project states its
            /// `fiscal_year`. Any other period must state its bounds. A name that says other bounds
            /// than the stated ones would mislead its readers.
            ///
            /// Fix: use such a name, or state the bounds, as in
            /// `{ name: legacy, start: 2019-01-01, end: 2025-07-01 }`.
            PeriodName = "RK201",
            /// There is a gap between two consecutive periods.
            ///
            /// No history table takes due rows from that time. They would stay in the mart, and
            /// every cycle would report them.
            ///
            /// Fix: add the period between the two.
            PeriodGap = "RK202",
            /// Two periods overlap.
            ///
            /// A row from the shared time could go to both history tables.
            ///
            /// Fix: let each period start on the day on which the period before it ends. Periods
            /// are half-open: `end` is the first day after the period.
            PeriodOverlap = "RK203",
            /// A period is listed twice.
            ///
            /// Each period has one history table per mart, so the second entry has no meaning.
            ///
            /// Fix: remove one of the two entries.
            PeriodDuplicate = "RK204",
            /// The periods are not in order.
            ///
            /// The last period in the list decides the horizon, and the next rotation adds its line
            /// after it.
            ///
            /// Fix: list the periods from oldest to newest.
            PeriodOrder = "RK205",
            /// A period is empty: its end is not after its start.
            ///
            /// No row could ever belong to it. Periods are half-open: `end` is the first day after
            /// the period.
            ///
            /// Fix: write an `end` that is after `start`.
            PeriodEmpty = "RK206",
            /// The project has no periods.
            ///
            /// Due rows of a table with one history table per period would have no place. In a
            /// project without such a table, `sealed_before` and a rotation would have no effect.
            ///
            /// Fix: add a period, such as `- 2025_h2`. Or give each table one history table
            /// (`history: { table: ... }`) or none (`archive: none`), and remove `sealed_before`.
            NoPeriods = "RK207",
            /// A value is not a calendar date between the years 1 and 9999.
            ///
            /// Engines and calendars disagree about all other dates.
            ///
            /// Fix: write the date as YYYY-MM-DD, such as 2025-07-01.
            Date = "RK208",
            /// `sealed_before` is not a bound of a period, or it seals all periods.
            ///
            /// A period is open or sealed as a whole. If all periods were sealed, no cycle could
            /// archive a row.
            ///
            /// Fix: write the start of the first period that must stay open.
            Sealed = "RK209",
            /// `rowkeep rotate` cannot tell which period is next.
            ///
            /// The last periods have no common length in months or weeks, or their names do not
            /// count. A guess would be wrong for ever: once a history table holds rows, its bounds
            /// cannot change.
            ///
            /// Fix: state what is missing: `rowkeep rotate NAME --end 2027-04-01`. The end is the
            /// first day after the period.
            NoNextPeriod = "RK210",
            /// A period ends some days before or after the day that the pattern of the periods
            /// before it gives.
            ///
            /// A period that repeats a number of days drifts: a year of 365 days ends on March 31
            /// after a leap day. Every later period then begins on the wrong day.
            ///
            /// Fix: correct the end, and the start of the next period, before the history table of
            /// the period holds rows. If rows are there, add a short period that ends on the right
            /// day.
            Drifted = "RK211",
            /// `retired_before` is not the start of the first period.
            ///
            /// A cycle deletes due rows from before this day for good. If a period starts earlier,
            /// its history tables stay, and nothing retires them. If the first period starts later,
            /// no period covers due rows between the two, and nothing deletes them.
            ///
            /// Fix: write the start of the first period, or follow `rowkeep runbook retire-period`.
            Retired = "RK212",
            /// The time zone of the project is unknown, or a local time would be compared with an
            /// instant.
            ///
            /// Periods begin at midnight in this zone, and a `timestamp` or a `date` is in it. In
            /// the hour that clocks repeat, a local time is two instants, so a table and the parent
            /// that decides about its rows must both have local times or instants. The arrival in a
            /// raw table must be an instant if times of marts are local.
            ///
            /// Fix: write a name of the database of IANA, such as Europe/Berlin, or use instants:
            /// timestamptz, or seconds since 1970.
            PeriodZone = "RK213",
            /// A table and the lists of periods do not fit together.
            ///
            /// A table has the periods of one list: of the list that it names with `periods`, of
            /// the list of its parent, or of `periods` in rowkeep.yml. A list that no table uses
            /// would have no effect.
            ///
            /// Fix: write the name of a list of `period_lists`, or remove the key.
            PeriodListName = "RK214",
        }
    };
}

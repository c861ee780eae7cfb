//! RK5xx: laws that a rehearsal found broken.

macro_rules! law_codes {
    ($next:ident $($rest:ident)*; $($before:tt)*) => {
        $next! {
            $($rest)*; $($before)*
            /// L1 nothing lost: the newest accepted version of a key is neither in the mart nor in
            /// a history table.
            ///
            /// `rowkeep rehearse` found this, and shows the statement that lost the row. The row is
            /// gone.
            ///
            /// Fix: look for a DELETE that does not require an equal copy, or for a load that
            /// deletes before it inserts.
            NothingLost = "RK501",
            /// L2 nothing twice: a key is in two places.
            ///
            /// `rowkeep rehearse` found this after a completed run. Queries over mart and history
            /// count the key twice.
            ///
            /// Fix: look for an INSERT whose guard does not compare the whole key, or for a copy
            /// that no cleanup deletes.
            NothingTwice = "RK502",
            /// L3 routed: a history table holds a row from outside of its period.
            ///
            /// `rowkeep rehearse` found this. Queries by period miss the row.
            ///
            /// Fix: look for a statement with other bounds than those of the period.
            Routed = "RK503",
            /// L4 nothing stale: an older version of a key replaced a newer accepted version.
            ///
            /// `rowkeep rehearse` found this after a completed run. Queries return old data.
            ///
            /// Fix: look for a load that takes the last delivered row instead of the newest, or for
            /// a cleanup that misses a period.
            NothingStale = "RK504",
            /// L5 bounded: a due row of an open period is still in the mart, and no exception holds
            /// it.
            ///
            /// `rowkeep rehearse` found this after a completed run. The mart grows.
            ///
            /// Fix: look for a condition that archive has and trim does not have, or the other way
            /// round.
            Bounded = "RK505",
            /// L6 reported: a row that stays back has no open exception or several, or an exception
            /// has no cause.
            ///
            /// `rowkeep rehearse` found this. Gaps are not reported, or reports are wrong.
            ///
            /// Fix: look for a safety check that names periods, or for a resolve step that runs too
            /// late.
            Reported = "RK506",
            /// L7 joined: a parent is in its mart, but its child is not.
            ///
            /// `rowkeep rehearse` found this after a completed run. Joins between marts lose rows.
            ///
            /// Fix: look for a reactivated parent whose children are not restored.
            Joined = "RK507",
            /// L8 not early: a row left the mart before it was due, or while its key was held.
            ///
            /// `rowkeep rehearse` found this. Queries on the mart miss the row.
            ///
            /// Fix: look for a cutoff that one row with a future date can move, or for a statement
            /// that does not test for holds.
            NotEarly = "RK508",
            /// L9 incomplete rows stay: a row without a time or a part of its key was deleted and
            /// not replaced.
            ///
            /// `rowkeep rehearse` found this. The row is gone, and no complete version of it
            /// exists.
            ///
            /// Fix: look for a comparison that treats NULL as true, or for a load that deletes by
            /// time.
            IncompleteRowsStay = "RK509",
            /// L10 idempotent: a second run of the same cycle changed something.
            ///
            /// `rowkeep rehearse` found this. A cycle that stops and starts again would give
            /// another result than a cycle that does not stop.
            ///
            /// Fix: look for an INSERT that adds rows without a key again.
            Idempotent = "RK510",
        }
    };
}

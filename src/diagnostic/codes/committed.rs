//! RK7xx: committed artifacts, the horizon, and changes that leave archived rows behind.

macro_rules! committed_codes {
    ($next:ident $($rest:ident)*; $($before:tt)*) => {
        $next! {
            $($rest)*; $($before)*
            /// A committed file differs from what Rowkeep compiles now.
            ///
            /// The statements that run are not those of the project. Someone changed the file or
            /// the project without the other.
            ///
            /// Fix: change the project, not the artifact. Run `rowkeep compile`, and commit the
            /// result.
            Drift = "RK701",
            /// Rowkeep compiles a file that is not committed.
            ///
            /// A deployment of the committed files would lack a statement.
            ///
            /// Fix: run `rowkeep compile`, and commit the result.
            MissingFile = "RK702",
            /// The artifact folder contains a file that Rowkeep does not compile.
            ///
            /// A job that runs all files of the folder would run a statement that is not part of
            /// the project.
            ///
            /// Fix: run `rowkeep compile`, which removes the files of an earlier compilation.
            /// Remove other files by hand.
            Orphan = "RK703",
            /// The horizon is near: soon due rows will fall into no period.
            ///
            /// From the horizon on, rows that become due stay in the mart and are reported. The
            /// horizon is the end of the last period plus the retention.
            ///
            /// Fix: add the next period, which is one line.
            HorizonNear = "RK711",
            /// The horizon has passed: due rows fall into no period.
            ///
            /// These rows stay in the mart, each with an open exception, and the mart grows. No row
            /// is lost. The cycles archive the rows after the period is added.
            ///
            /// Fix: add the missing period, create its history tables, and compile.
            HorizonPassed = "RK712",
            /// `sealed_before` seals periods into which rows still become due.
            ///
            /// Rows of a sealed period wait for the nightly sweep, and their keys are held until
            /// then. Sealing is meant for the few rows that arrive late, not for all rows.
            ///
            /// Fix: write the start of the period that contains the cutoff.
            SealedEarly = "RK713",
            /// A spec reads a raw table that no raw trim covers.
            ///
            /// The raw table grows with each delivery, and each cycle reads all of it. Cycles
            /// become slower every day.
            ///
            /// Fix: add the table to `raw:` in rowkeep.yml, with the column of its arrival time and
            /// how long its rows stay. If another job trims the table, it must delete a row only
            /// after a completed cycle that started after the row arrived.
            RawUntrimmed = "RK714",
            /// A windowed load limits only the ingestion time.
            ///
            /// If the source is backfilled, old rows get a new ingestion time. The load would then
            /// read years of rows, and run for hours.
            ///
            /// Fix: state `within:` in `event:` of the load. You can remove this line when the
            /// backfill is over.
            LoadUnbounded = "RK715",
            /// The event window of a windowed load is narrower than its ingestion window.
            ///
            /// If a row arrives late, its event date can be outside of the event window. No later
            /// run takes this row either.
            ///
            /// Fix: make `within:` of `event:` at least as long as that of `ingestion:`, unless
            /// late rows may be dropped.
            LoadLosesLate = "RK716",
            /// The temp table of a windowed load has no partitions.
            ///
            /// BigQuery bills the bytes that a query reads. Without partitions, a query for one day
            /// of a batch reads the whole batch.
            ///
            /// Fix: state `event:`. Its column partitions the temp table.
            LoadUnpartitioned = "RK717",
            /// Two or more open periods ended before every cutoff.
            ///
            /// Only rows that arrive late still belong to these periods. But each cycle looks up
            /// its keys in every open period, so each open period makes a cycle slower.
            ///
            /// Fix: write `sealed_before` with the date that the message proposes. The nightly
            /// sweep reads sealed periods. Rows that arrive late for them wait for the sweep.
            Unsealed = "RK718",
            /// The rows of the oldest period need not be kept any more.
            ///
            /// The period ended longer ago than `keep_history` says. History that is kept without a
            /// need costs storage, and may break a rule about personal data.
            ///
            /// Fix: follow `rowkeep runbook retire-period`. It removes the period, keeps a copy
            /// elsewhere if you want one, and drops its tables.
            HistoryKept = "RK719",
            /// A period was removed, or a table has another list of periods, which lacks it.
            ///
            /// Its history tables hold rows that no statement would read. A key that returns to the
            /// mart would be in two places, and the view of all rows would miss the archived rows.
            ///
            /// Fix: put the line back. If the period makes cycles slow, seal it with
            /// `sealed_before`. If its rows need not be kept any more, follow `rowkeep runbook
            /// retire-period`, and pass `--allow period`.
            PeriodRemoved = "RK721",
            /// The bounds of a period changed, or the time zone in which all periods begin.
            ///
            /// Rows in its history tables could be outside of the new bounds (L3).
            ///
            /// Fix: restore the bounds, and add another period for the rest. If you move the rows in
            /// the same change, pass `--allow period`.
            PeriodRebounded = "RK722",
            /// A table was removed or renamed, or its mart is another table than before.
            ///
            /// The old mart would grow forever, and no statement would read it or its history tables.
            ///
            /// Fix: put the spec back. If you have taken care of its rows, pass `--allow table`.
            TableDropped = "RK723",
            /// The unique key or the time column of a table changed.
            ///
            /// With another key, statements would confuse archived rows with others, or not find
            /// them. With another time, archived rows could be outside of their periods.
            ///
            /// Fix: restore the key or time. If you migrate the history tables in the same change,
            /// pass `--allow key`.
            KeyChanged = "RK724",
            /// The retention of a table became longer, or its kind changed.
            ///
            /// If an archived row is delivered again before it is due under the new retention, it
            /// would be in the mart and in history (L2).
            ///
            /// Fix: keep the shorter retention. If you first bring back the rows that the longer
            /// retention would not have archived yet, pass `--allow retention`.
            RetentionLengthened = "RK725",
            /// The history tables of a table were renamed in the spec.
            ///
            /// Statements would not find the rows that are archived under the old name.
            ///
            /// Fix: restore the name. If you rename the history tables in the same change, pass
            /// `--allow history`.
            HistoryMoved = "RK726",
            /// A column was removed, or its type changed.
            ///
            /// Rows archived from now on would lack the column, and trim would delete them from the
            /// mart as copied. The table of an aggregate is created once, so a run could not write
            /// other columns into it.
            ///
            /// Fix: restore the column. If you change the mart and every history table, or the
            /// table of the aggregate, in the same change, pass `--allow column`.
            ColumnDropped = "RK727",
            /// A condition of `only_when` was removed or changed, or holds are looked for elsewhere.
            ///
            /// The next cycle moves every old row that did not meet it, such as all open orders. If
            /// the type or the table of the exceptions changed, it moves rows that are held.
            ///
            /// Fix: restore the condition or the exceptions. If these rows may leave the mart, pass `--allow
            /// retention`.
            ConditionRemoved = "RK728",
            /// A table whose rows were archived is purged now, or the other way round.
            ///
            /// From the next cycle on, a purge deletes due rows for good. The rows that are in
            /// history tables stay there, and no statement reads them any more. Or the holds of a table
            /// whose rows are deleted for good are looked for in another place.
            ///
            /// Fix: restore `history:`. If due rows may be deleted for good, pass `--allow purge`.
            Purged = "RK729",
            /// The retention of a table became shorter.
            ///
            /// The next cycle moves every row that is older than the new retention and younger than
            /// the old one. A purge deletes these rows for good. The same is said of a purge whose
            /// rows leave by another rule: with another parent, or by age instead of a parent.
            ///
            /// Fix: restore the retention. If these rows may leave the mart, pass
            /// `--allow retention`.
            RetentionShortened = "RK730",
            /// A table of erased keys was removed from the project, or another one took its place,
            /// or it lists hashes in place of keys.
            ///
            /// The load leaves out the keys that the table lists. Without the table, the next load
            /// brings back every erased key that the raw table still has. With the other form,
            /// statements fail, because the table has no such column.
            ///
            /// Fix: restore `erased:` of `exceptions`. If you copied the keys into the new table,
            /// pass `--allow erasure`.
            Unerased = "RK731",
            /// `retired_before` was added, or is later than before.
            ///
            /// The next cycle deletes every due row from before this day for good. No history table
            /// keeps it.
            ///
            /// Fix: remove the key, or follow `rowkeep runbook retire-period`, and pass
            /// `--allow period`.
            RetiredLater = "RK732",
            /// The sort key of a table with `for` does not begin with its time column (Redshift).
            ///
            /// A cycle finds due rows by a range of their time, and so do most readers of history.
            /// Redshift skips the blocks outside of a range only by the first column of a sort key.
            ///
            /// Fix: write the time column first in `sort_key`, or leave `sort_key` out, so that
            /// Redshift chooses one.
            SortKey = "RK733",
            /// A column of a key is a very long varchar (Redshift).
            ///
            /// Redshift takes memory for the declared length of each value while it joins. Each
            /// statement of a cycle joins by the key.
            ///
            /// Fix: declare the longest length that occurs.
            WideKey = "RK734",
            /// A row that is opened again may be deleted: its time can be NULL, and `only_when` does
            /// not ask for a value in it.
            ///
            /// A row without a time counts as the older version of its key. If a finished row is
            /// opened again, and its time becomes NULL, the cycle deletes the open row and keeps
            /// the finished version.
            ///
            /// Fix: add `{ is: not null }` for the time column to `only_when`. A row without a time
            /// is then the newest version, and stays. Or declare the column as `not null`.
            Reopened = "RK735",
        }
    };
}

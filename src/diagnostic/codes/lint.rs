//! RK6xx: traps in SQL that anyone wrote. Each code is also a rule, with a name.

macro_rules! lint_codes {
    ($next:ident $($rest:ident)*; $($done:tt)*) => {
        $next! { $($rest)*; $($done)*
            /// delete-without-where: a DELETE without a condition empties a table.
            ///
            /// Nothing in the same script or hooks fills the table again. If the DELETE is a hook
            /// of dbt, the table is empty after each run.
            ///
            /// Fix: add a condition. To empty a work table, write `WHERE TRUE`.
            DeleteWithoutWhere = "RK601",
            /// trim-without-proof: a DELETE takes rows that another statement copies, and does not
            /// check that the copies are there.
            ///
            /// A copy can miss a row: no period covers it, a bound is wrong, or the statement
            /// failed. The DELETE takes this row too, and it is lost. A table that is replaced by
            /// its newer rows loses its older rows as by a DELETE: by CREATE OR REPLACE TABLE,
            /// INSERT OVERWRITE, or a new table that takes its name.
            ///
            /// Fix: add `AND EXISTS (SELECT 1 FROM archive AS a WHERE ...)` with the whole key and
            /// the time, or move rows by one statement: `WITH moved AS (DELETE ... RETURNING ...)
            /// INSERT`.
            TrimWithoutProof = "RK602",
            /// or-widens-delete: because of an OR, a DELETE takes rows that do not meet its other
            /// conditions.
            ///
            /// AND binds closer than OR. The DELETE takes every row that meets one side of the OR,
            /// whether the row was copied or not. An OR between the columns of a proof lets one equal
            /// column stand for the whole key.
            ///
            /// Fix: put the OR and its two sides in brackets, and join the columns of a proof by AND.
            OrWidensDelete = "RK603",
            /// lossy-move: a copy leaves out rows, and these rows are deleted.
            ///
            /// `ON CONFLICT DO NOTHING` and `INSERT IGNORE` leave out a row without an error. So
            /// does a condition in the INSERT of a move. The DELETE takes the row.
            /// If each run replaces the archive (`CREATE OR REPLACE TABLE`, TRUNCATE, `INSERT OVERWRITE`),
            /// the rows that an earlier run moved there are lost.
            ///
            /// Fix: let the INSERT fail, or update the row that is there. Create an archive once.
            LossyMove = "RK604",
            /// truncate: TRUNCATE of a table whose rows were copied.
            ///
            /// TRUNCATE also deletes the rows that arrived after the copy had read the table. On
            /// Redshift, MySQL and Oracle it also commits the transaction.
            ///
            /// Fix: delete only rows whose copy is there.
            Truncate = "RK605",
            /// not-in-nullable: NOT IN with a query that may return a NULL.
            ///
            /// With one NULL in the list, NOT IN is never true. The statement then does nothing,
            /// without an error.
            ///
            /// Fix: write NOT EXISTS, or exclude NULL in the query.
            NotInNullable = "RK606",
            /// inner-column-is-outer: a column of a subquery belongs to the table outside.
            ///
            /// A name without its table is looked up in the subquery first, and outside if the
            /// inner table has no such column. The condition is then always true.
            ///
            /// Fix: write the alias of the table before each column of a subquery.
            InnerColumnIsOuter = "RK607",
            /// guard-narrower-than-key: the guard of an archive compares only a part of the key.
            ///
            /// If the archive has another row with the same part of the key, the guard keeps this
            /// row out. The row stays in its table, or is lost if a DELETE takes it.
            ///
            /// Fix: compare every column of the key, and the time if a key has versions.
            GuardNarrowerThanKey = "RK608",
            /// cutoff-evaluated-twice: the copy and the DELETE both read the clock.
            ///
            /// The clock of the DELETE is later. Rows that became due between the two are deleted
            /// without a copy.
            ///
            /// Fix: store the cutoff once, and use the stored value in both statements.
            CutoffEvaluatedTwice = "RK609",
            /// cutoff-from-maximum: the cutoff comes from the newest row, without a limit.
            ///
            /// One row with a wrong time in the future makes all others old enough to be deleted.
            ///
            /// Fix: limit the cutoff by the clock, as in `LEAST(MAX(updated_at),
            /// CURRENT_TIMESTAMP)`.
            CutoffFromMaximum = "RK610",
            /// limit-without-order: LIMIT without ORDER BY chooses the rows to copy.
            ///
            /// The DELETE may take other rows than the copy.
            ///
            /// Fix: store the keys of the rows in a table first, and use it in both statements.
            LimitWithoutOrder = "RK611",
            /// inclusive-period-bound: BETWEEN with the bounds of a period.
            ///
            /// BETWEEN includes the upper bound. If the bound is the start of the next period, a
            /// row of exactly that time is in two periods. If the bound is the last second of the
            /// period, a row after that second is in none.
            ///
            /// Fix: write `>=` the start of the period and `<` the start of the next one.
            InclusivePeriodBound = "RK612",
            /// period-gap: there is a gap between two periods.
            ///
            /// No statement copies a row whose time is in the gap.
            ///
            /// Fix: let each period start where the one before it ends.
            ArchiveGap = "RK613",
            /// period-overlap: two periods overlap.
            ///
            /// A row whose time is in both periods is copied to two archives.
            ///
            /// Fix: let each period start where the one before it ends.
            ArchiveOverlap = "RK614",
            /// hard-coded-table-list: statements name different lists of archives.
            ///
            /// A period was added to one list, and not to the other. Rows of that period stay in
            /// their table, or are missing in the view.
            ///
            /// Fix: make the list once, and write every statement from it.
            HardCodedTableList = "RK615",
            /// archive-named-by-run-date: the archive is chosen by the day of the run.
            ///
            /// A late or repeated run puts rows into the archive of another period.
            ///
            /// Fix: choose the archive by the bounds of its period.
            ArchiveNamedByRunDate = "RK616",
            /// archive-without-guard: the INSERT into an archive has no guard against a second
            /// copy.
            ///
            /// The next run copies the same rows again, if this run stops between the copy and the
            /// DELETE, or if no DELETE takes them out of the mart.
            ///
            /// Fix: add NOT EXISTS with the whole key. If a DELETE follows, one transaction for both
            /// statements is enough.
            ArchiveWithoutGuard = "RK617",
            /// deletes-what-upstream-lacks: a DELETE takes the rows that another table does not
            /// have.
            ///
            /// If a failed load left the other table empty, the DELETE takes all rows.
            ///
            /// Fix: add `AND EXISTS (SELECT 1 FROM upstream)`, or mark the rows as deleted instead.
            DeletesWhatUpstreamLacks = "RK618",
            /// dedupe-deletes-all: a DELETE of duplicates leaves none of them.
            ///
            /// GROUP BY finds the keys that have several rows. The DELETE takes every row of such a
            /// key.
            ///
            /// Fix: keep one row of each key, by ROW_NUMBER() over the key.
            DedupeDeletesAll = "RK619",
            /// merge-without-tie-break: a MERGE into an archive does not compare versions.
            ///
            /// An older version can overwrite a newer one. If the source has two versions of one
            /// key, some engines report an error, and others choose one of them at random.
            ///
            /// Fix: compare the times in WHEN MATCHED, and keep one row of each key in the source.
            MergeWithoutTieBreak = "RK620",
            /// select-star: a copy by `SELECT *`.
            ///
            /// It copies by position. A column that is added to one of the two tables shifts the
            /// values, or stops the copy.
            ///
            /// Fix: list the columns on both sides.
            SelectStar = "RK621",
            /// positional-insert: an INSERT without a list of columns.
            ///
            /// It copies by position. In another order of columns, values go into wrong columns.
            ///
            /// Fix: write the list of columns.
            PositionalInsert = "RK622",
            /// time-zone: the day of an instant depends on the time zone of the session.
            ///
            /// A session with another time zone takes other rows.
            ///
            /// Fix: compare the instant with an instant in UTC.
            TimeZone = "RK623",
            /// dml-at-compile: SQL that changes rows runs while dbt compiles.
            ///
            /// `run_query` and `statement` run during `dbt compile` and `dbt docs generate` too.
            ///
            /// Fix: put the statement into a hook or an operation, or ask `flags.WHICH` first.
            DmlAtCompile = "RK624",
            /// drop-after-copy: a table is dropped after an unchecked copy.
            ///
            /// Nothing has compared the copy with the table.
            ///
            /// Fix: compare the numbers of rows first, and drop the table in another run.
            DropAfterCopy = "RK625",
            /// vacuum-in-transaction: VACUUM inside of a transaction.
            ///
            /// The engine refuses it, and the script stops.
            ///
            /// Fix: run it after COMMIT.
            VacuumInTransaction = "RK626",
            /// unused-allow: a comment allows a rule that finds nothing.
            ///
            /// Fix: remove the comment.
            UnusedAllow = "RK627",
            /// allow-without-reason: a comment allows a rule and does not say why.
            ///
            /// Fix: write the reason after the rule.
            AllowWithoutReason = "RK628",
            /// swapped-columns: an INSERT writes the value of one column into another one.
            ///
            /// It lists its columns in another order than its values, so archived rows have wrong
            /// values. A proof by key and time finds such a copy, and the right values are deleted.
            ///
            /// Fix: write both lists in the same order.
            SwappedColumns = "RK629",
        }
    };
}

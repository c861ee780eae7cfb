//! RK9xx: a live database that differs from the project.

macro_rules! live_codes {
    ($next:ident $($rest:ident)*; $($before:tt)*) => {
        $next! {
            $($rest)*; $($before)*
            /// A relation of the project is not in the database.
            ///
            /// A cycle fails at the first statement that uses it. No row is lost, because a cycle
            /// may stop before any statement.
            ///
            /// Fix: run the statements of ddl/ in the order of their names. They skip relations
            /// that exist. If a raw table is missing, create it or correct its name.
            LiveMissing = "RK901",
            /// A table in the database is named like a table of the project, but the project does
            /// not have it.
            ///
            /// No view, monitor or cleanup reads a history table whose period is not listed. Its
            /// rows are hidden, and a key in it can be in two places.
            ///
            /// The table can also belong to another project that uses the same schema.
            ///
            /// Fix: list its period, with the bounds of its rows. If the table is empty, drop it.
            LiveLeftOver = "RK902",
            /// A relation in the database lacks a column of the project.
            ///
            /// Statements name every column, so the cycle fails at the first statement that uses
            /// this column.
            ///
            /// Fix: add the column to the mart and to all history tables, or remove it from the
            /// spec.
            LiveColumnMissing = "RK903",
            /// A column in the database has another type than in the project.
            ///
            /// A copy from one type to another can cut or round a value, or fail. The comparison
            /// with the copy may then never be true, so trim never deletes the row.
            ///
            /// Fix: use one type everywhere. Mart, history, work and exceptions tables have the
            /// types of the spec.
            LiveColumnType = "RK904",
            /// A mart or history table has a column that the project lacks.
            ///
            /// Archive does not copy this column, and trim deletes the row as copied. The values of
            /// the column are lost.
            ///
            /// Fix: before the next cycle, add the column to the spec and to the history tables, or
            /// drop it. `check --dbt` prevents this mistake.
            LiveColumnUnknown = "RK905",
            /// A raw table lacks a column that statements use, or has a time of another type.
            ///
            /// Without the column, the next load fails. A time of another type is converted when it
            /// is compared: by the time zone of the session, or by rounding. A row can then seem
            /// older than it is, so a cycle or a raw trim deletes it too early; or it never seems
            /// equal to the row that was loaded from it.
            ///
            /// Fix: restore the column, or name another column of the raw table in the spec. Write
            /// the type of the raw column into the spec.
            LiveRaw = "RK906",
            /// A column is NOT NULL in the database but not in the project, or the other way round.
            ///
            /// If a history table rejects a NULL that its mart accepts, every archive fails. If a
            /// mart accepts an unexpected NULL, it keeps rows that no statement can route.
            ///
            /// Fix: set or drop NOT NULL in the database, or write `not null` in the spec.
            LiveNull = "RK907",
            /// The role of the doctor lacks a permission to read.
            ///
            /// The doctor cannot check the relation, and skips monitors that read it. If
            /// maintenance cannot read the unsorted share of tables, it sorts every night.
            ///
            /// Fix: run the GRANT that the help shows. The role needs only read permissions.
            LiveUnreadable = "RK908",
            /// Several models can run at the same time in a database with serializable isolation.
            ///
            /// They write to one exceptions table. The database aborts one of them, on Redshift
            /// with error 1023. No row is lost, but that cycle must run again.
            ///
            /// Fix: use snapshot isolation, the default of new Redshift databases, or state
            /// `after:` in one of the specs.
            LiveIsolation = "RK909",
            /// The exceptions table has open exceptions.
            ///
            /// Each open exception holds the rows of its key. The next sweep may close exceptions
            /// that are younger than a day. An operator must look at older ones. Holds and
            /// exceptions that only warn are notes.
            ///
            /// Fix: follow `rowkeep runbook exceptions`, which explains each type and its cure.
            LiveExceptions = "RK910",
            /// No sweep has completed for more than a night.
            ///
            /// Rows of sealed periods, and all other rows of their keys, wait for the sweep. Marts
            /// grow, and keys with rows in sealed periods may be in two places.
            ///
            /// Fix: run the sweep while no cycle runs, and find out why the last sweep did not
            /// complete.
            LiveSweep = "RK911",
            /// No cycle has completed for a long time.
            ///
            /// New raw rows do not reach the mart, and raw tables are not trimmed until a cycle
            /// completes.
            ///
            /// Fix: look at the last run of the load and the hooks. You can start a stopped cycle
            /// again.
            LiveCycle = "RK912",
            /// A monitor of the project finds rows.
            ///
            /// The query in the file that the help names lists all of them. If periods are sealed,
            /// keys with rows in a sealed period may be in two places until the next sweep.
            ///
            /// Fix: remove the cause, which the name of the monitor indicates.
            /// `rowkeep runbook exceptions` describes each cause.
            LiveMonitor = "RK913",
            /// The rows in the mart show that the horizon is near or has passed.
            ///
            /// Due rows after the last period stay in their mart, each with an exception, until a
            /// period takes them. No row is lost.
            ///
            /// Fix: add the next period with `rowkeep rotate`.
            LiveHorizon = "RK914",
            /// A mart holds rows that are older than the first period.
            ///
            /// When these rows are due, no history table takes them. They stay in their mart, each
            /// with an exception, until an earlier period is added.
            ///
            /// Fix: add a period before the first one. `rowkeep runbook lower-edge` has the line.
            LiveLowerEdge = "RK915",
            /// A view of all rows does not read all history tables of its mart.
            ///
            /// Queries on the view miss the rows of some periods. The view was created before these
            /// periods were added.
            ///
            /// Fix: run the statement of the view in ddl/ again. Every rotation needs this.
            LiveView = "RK916",
            /// A relation that must be a table is another kind of relation, such as a view.
            ///
            /// Statements insert into mart, history, work and exceptions tables and delete from
            /// them. On a view, these changes reach another table, or none.
            ///
            /// Fix: rename the view, and create the table in its place.
            LiveKind = "RK917",
            /// A constraint of the exceptions table refuses a second exception for the same key and
            /// type.
            ///
            /// A resolved exception stays in the table. If its cause returns, the constraint
            /// refuses the new exception, and the cycle stops.
            ///
            /// Fix: drop the constraint. The statements themselves keep at most one open exception
            /// per key and type.
            LiveUnique = "RK918",
            /// A large mart or history table lacks an index that the cycle needs.
            ///
            /// No row is in danger. Each cycle reads the whole table to find a few keys, so a cycle
            /// becomes slower as history grows.
            ///
            /// Fix: run the files of ddl/ that begin with 06. They skip existing indexes. Or write
            /// `layout: { index: none }`.
            LiveIndex = "RK919",
            /// The database plans to read all rows of a large history table in a cycle, although an
            /// index exists.
            ///
            /// No row is in danger. The statistics of the tables are old, or the settings of the
            /// role forbid an index.
            ///
            /// Fix: run ANALYZE on the mart and its history tables. Compare the planner settings of
            /// the role with the defaults.
            LiveScan = "RK920",
            /// A foreign key of another table refers to a mart or a history table.
            ///
            /// A trim deletes rows of the mart. With ON DELETE CASCADE, the database then deletes
            /// the rows that refer to them, before they are archived: they are lost. Without it,
            /// each cycle stops at the trim.
            ///
            /// Fix: drop the foreign key. A `has_parent` monitor, or a test of dbt, shows rows
            /// without their parent.
            LiveForeignKey = "RK921",
            /// A unique key of a mart refuses the newer version of a row.
            ///
            /// The load and a restore insert the newer version before the older one is removed. A
            /// primary key on `unique_key` alone stops the cycle at the first newer version.
            ///
            /// Fix: write `layout: { index: unique_key }`. Newer versions then replace older ones
            /// in place. Or use a unique index on the key and the time, as ddl/ creates it.
            ///
            /// A key on other columns refuses a newer version that has the same values there: a
            /// warning.
            ///
            /// A mart that is updated in place must have the key on `unique_key`, and no deferrable
            /// one on these columns: otherwise the load and the restore fail.
            LiveKey = "RK922",
            /// The database fills a column, and the spec does not say so; or the other way round.
            ///
            /// The database refuses a value for a generated column, and for an identity that is
            /// GENERATED ALWAYS. The archive, the load and a restore write every column that the
            /// spec declares, so they fail. No statement writes a column that the spec calls
            /// `generated`: if the database does not compute it, a row that returns has NULL there.
            ///
            /// Fix: write `identity` or `generated` after the type in the spec. Make such a column
            /// of a history table an ordinary column.
            LiveGenerated = "RK923",
            /// A table of the project has a trigger or a rule.
            ///
            /// A cycle fires the trigger for every row that it moves. For the trigger, an archived
            /// row looks like a deleted one. A rule replaces statements, so they do not do what was
            /// proven.
            ///
            /// Fix: check what the trigger does, or drop it. Drop the rule.
            LiveTrigger = "RK924",
            /// Row security hides rows of a table from the role of the doctor.
            ///
            /// A cycle with this role archives only the rows that it sees, and the monitors miss
            /// the others.
            ///
            /// Fix: run cycles with the owner of the table, or with a role that has BYPASSRLS.
            LiveRowSecurity = "RK925",
            /// A table is in a publication, but has no replica identity.
            ///
            /// PostgreSQL refuses UPDATE and DELETE on such a table, so each cycle stops.
            ///
            /// Fix: give the table a replica identity.
            LivePublication = "RK926",
            /// A role may read some history tables of a mart, but not all, or `grants:` names a
            /// reader who may not read a history table.
            ///
            /// A new history table belongs to the role that created it. Until somebody grants
            /// SELECT on it, the readers of the older tables get "permission denied" after each
            /// rotation.
            ///
            /// Fix: add the role to `grants:` of the table spec, and run the files of ddl/ that
            /// begin with 07. Or grant SELECT on the table.
            LiveReader = "RK927",
            /// `rowkeep doctor --explain`: the database refuses a statement.
            ///
            /// The statement was planned over empty tables in new schemas, so the state of your
            /// tables is not the reason. A cycle would stop there.
            ///
            /// Fix: check the types and the names of the columns in the spec. If the statement is
            /// wrong for this version of the engine, report it with the answer of the database.
            LiveRefused = "RK928",
            /// A constraint of a history table refuses rows that the mart accepts.
            ///
            /// A history table must take every row of its mart, also one whose customer is gone. A
            /// CHECK, a foreign key or a unique key that is narrower than `unique_key` stops the
            /// archive at the first row that it refuses, and no later row leaves the mart.
            ///
            /// Fix: drop the constraint of the history table.
            LiveConstraint = "RK929",
            /// A mart or a history table is unlogged.
            ///
            /// PostgreSQL empties an unlogged table after a crash, and a standby has none of its
            /// rows.
            ///
            /// Fix: run `ALTER TABLE ... SET LOGGED`.
            LiveUnlogged = "RK930",
            /// A history table is a partition or a child of its mart, or the mart of its history.
            ///
            /// In PostgreSQL, each row of a partition or of a child is also a row of its parent. So
            /// one row would be in the mart and in history, and each statement that deletes one of
            /// the two would delete the only row. Every cycle stops there before it deletes a row. The
            /// doctor and `01_cutoff_check` look at two levels of parents.
            ///
            /// Fix: run `ALTER TABLE ... DETACH PARTITION` or `ALTER TABLE ... NO INHERIT`.
            LiveInherits = "RK931",
        }
    };
}

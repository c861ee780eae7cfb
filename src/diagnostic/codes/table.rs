//! RK3xx: tables, and what a project states beside them.

macro_rules! table_codes {
    ($next:ident $($rest:ident)*; $($before:tt)*) => {
        $next! {
            $($rest)*; $($before)*
            /// A name has characters that are not allowed.
            ///
            /// Rowkeep writes names into SQL. A quote or a semicolon could end a name early, and
            /// two names with letters that look alike could be confused. Models and exception
            /// types must be plain names. Columns, tables and schemas may be quoted.
            ///
            /// Fix: use letters, digits and underscores. Quote a column in YAML as `'"Trace Seq"'`.
            Name = "RK301",
            /// A name is too long for the engine.
            ///
            /// PostgreSQL silently cuts names after 63 bytes, and Redshift after 127. Two history
            /// tables could get the same name. The limit applies to the name with everything that
            /// Rowkeep adds to it, such as the suffix of a period.
            ///
            /// Fix: shorten the name.
            NameLength = "RK302",
            /// Two things have the same name.
            ///
            /// Engines fold upper and lower case, so two names that differ only in case are the
            /// same relation or column. A table name can also clash with an alias that the
            /// statements use for rows.
            ///
            /// Fix: rename one of the two.
            NameClash = "RK303",
            /// The spec names a column that it does not declare.
            ///
            /// A statement with that column would fail in the warehouse.
            ///
            /// Fix: correct the name, or declare the column under `columns:`. If only the raw table
            /// has the column, declare it under `source_columns:`.
            UnknownColumn = "RK304",
            /// The type of a column is not written as a type, or is not allowed where the column is
            /// used.
            ///
            /// Rowkeep translates its own types for each engine, and copies any other type of the
            /// engine. The key and the time must have a type that Rowkeep knows: equality of floats
            /// and json is not reliable, and a key with such a column would lose rows.
            ///
            /// Fix: use one of the types that the message lists.
            ColumnType = "RK305",
            /// The unit of a time column does not fit its type.
            ///
            /// Rowkeep writes bounds and cutoffs in that unit. With seconds instead of
            /// milliseconds, a cycle would archive everything or nothing.
            ///
            /// Fix: state `epoch_seconds` or `epoch_millis` for numbers. Timestamps and dates need
            /// no unit.
            TimeUnit = "RK306",
            /// A length of time is not positive, or has a unit that is not allowed here.
            ///
            /// A retention may be in months or years, another length may not. A date column needs
            /// whole days.
            ///
            /// Fix: write weeks, days, hours or minutes, such as `180 days`.
            Duration = "RK307",
            /// `while_in` or `after` names a model that has no spec, or the references form a
            /// cycle.
            ///
            /// Rowkeep runs parents before their children. Tables that wait for each other have no
            /// run order.
            ///
            /// Fix: name the model of another table in this project, or remove one reference of the
            /// cycle.
            TableReference = "RK308",
            /// Two tables use the same exception type.
            ///
            /// An open exception holds the rows of the table to which its type belongs. With a
            /// shared type, the exceptions of one table would hold the rows of the other table.
            ///
            /// Fix: give each table its own type. `<TYPE>_HOLD` and `<TYPE>_NULL_KEY` are reserved
            /// too.
            ExceptionType = "RK309",
            /// The key of an exceptions table does not fit the tables that use it.
            ///
            /// All tables that share an exceptions table record their exceptions under one column.
            /// That column must be in the unique key of each table, with the same type.
            ///
            /// Fix: name the column, as in `exceptions: { table: ..., key: ... }`, or give the
            /// table its own `exceptions:`.
            ExceptionKey = "RK310",
            /// `order_by` does not choose the newest version of a key.
            ///
            /// If several raw rows have the same key, the load takes the first one in this order.
            /// The order must begin with the time, newest first. It must end with a column that
            /// differs between two deliveries, or the engine would choose a row by chance.
            ///
            /// Fix: write the time with `desc`, then a column that grows with each delivery.
            OrderBy = "RK311",
            /// A table has `rows: latest`, but its unique key contains the time.
            ///
            /// Each version then has its own key, so no version ever replaces another.
            ///
            /// Fix: write `rows: events`, or remove the time from `unique_key`.
            Rows = "RK312",
            /// The project has no tables.
            ///
            /// There is nothing to compile.
            ///
            /// Fix: add one table spec for each mart.
            NoTables = "RK313",
            /// Rowkeep cannot trim a raw table safely.
            ///
            /// A raw row may be deleted only after a completed cycle that started after the row
            /// arrived. So Rowkeep must know which table reads the raw table, and when each row
            /// arrived. The time of the row itself does not say this: a late row has an old time.
            ///
            /// Fix: in `table`, name the `source` of a table spec, in one entry only. In `time`,
            /// name a column that the extraction fills with its own time.
            TableFile = "RK314",
            /// A monitor has keys that do not fit its kind.
            ///
            /// With an empty window or nothing to compare, a monitor would never find anything. A
            /// key without effect would mislead the reader.
            ///
            /// Fix: correct the key that the message names. docs/reference/monitors.md lists the
            /// keys of each kind.
            Monitor = "RK315",
            /// A value is not a valid share of the rows of a table.
            ///
            /// A share of 0% would stop every cycle or report every row. A share of 100% would
            /// never do so.
            ///
            /// Fix: write a percentage above 0 and below 100, such as `20%`.
            Share = "RK316",
            /// An entry of `maintenance` is duplicated, or has a condition that Rowkeep does not
            /// know.
            ///
            /// The condition compares the unsorted share of a table, which the engine's catalog
            /// reports.
            ///
            /// Fix: remove the duplicate, or write the condition as `unsorted > 15`.
            Maintenance = "RK317",
            /// The schedule has an invalid time of day, or its jobs are in the wrong order.
            ///
            /// Maintenance must run before the sweep, and the sweep before the monitors. The
            /// monitors must see the tables as the sweep left them.
            ///
            /// Fix: write times in UTC such as `02:30`, each later than the one before it.
            Schedule = "RK318",
            /// A windowed load is incomplete or contradicts itself.
            ///
            /// A windowed load selects rows by their ingestion time and by their event date, and it
            /// replaces whole days of its aggregate. So it needs a column for each of the two, and
            /// a key that identifies the versions of a row.
            ///
            /// Fix: add or correct the key that the message names.
            WindowedLoad = "RK319",
            /// A limit is not a number of rows.
            ///
            /// The limit is the most rows of open periods that one cycle or sweep archives. The
            /// others wait for the next runs.
            ///
            /// Fix: write a whole number of rows, such as `limit: 500000 rows`.
            Limit = "RK320",
            /// A condition of `only_when` cannot be true, has no effect, or does not fit its
            /// column.
            ///
            /// A row leaves the mart only if it meets every condition. With a condition that no row
            /// meets, the mart would grow for ever.
            ///
            /// Fix: write a value, a list of values, or a comparison of the type of the column,
            /// such as `only_when: { status: [closed, cancelled] }`. A table with `while_in`
            /// follows its parent and has no condition of its own.
            OnlyWhen = "RK321",
            /// A purge is not stated clearly, or has no limit.
            ///
            /// `archive: none` deletes due rows for good. So the spec must not also name history
            /// tables, and it must have a `tripwire`: a cycle that would delete too many rows stops
            /// before it deletes one. A load with `lookback` is refused too, if Rowkeep trims its
            /// raw table and rows may leave without a copy: by a purge, an erased key, or
            /// `retired_before`. The trim would wait for a copy for ever.
            ///
            /// Fix: remove `history` or `archive: none`, add `tripwire: 20%`, or remove `lookback`.
            Purge = "RK322",
        }
    };
}

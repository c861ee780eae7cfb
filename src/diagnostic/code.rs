//! Codes: what kind of mistake a diagnostic reports, each with its page.

use std::fmt;

/// Declares [`Code`]: each variant with its number and, as doc comment, what it means.
macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $code:literal,)+) => {
        /// What kind of mistake a [`Diagnostic`](crate::Diagnostic) reports. Codes are stable: a code never changes its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Code { $($(#[doc = $doc])+ $variant,)+ }

        impl Code {
            /// Every code, in order.
            pub const ALL: &[Code] = &[$(Code::$variant,)+];

            /// What the code means, what would have happened, and what to do about it: a page of a few lines.
            pub fn page(self) -> String {
                let lines: &[&str] = match self { $(Code::$variant => &[$($doc),+],)+ };
                lines.iter().map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line))).collect()
            }

            /// The code as it is printed, such as `RK202`.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $code,)+ }
            }
        }
    };
}

codes! {
    /// The text is not YAML.
    ///
    /// Nothing of the file can be known, so nothing is compiled. The line is where the parser gave up; the cause often stands
    /// on the line before: a missing colon, a tab, a quote that does not end. An unquoted comma in a type splits it in flow
    /// style.
    ///
    /// What helps: mend the line; quote values that hold `: `, `#` or, in braces, a comma, as in `amount: "decimal(12, 2)"`.
    Syntax = "RK101",
    /// The text is larger, deeper, or expands further than any project file needs to be.
    ///
    /// A file of such a size is a mistake or an attack, and reading it to its end could take for ever. The budgets are wide:
    /// 480 periods, 1,600 columns, 8 levels of `while_in`.
    ///
    /// What helps: write anchors out, join old periods into one that states its bounds, or split the project.
    Budget = "RK102",
    /// A key stands twice in one mapping.
    ///
    /// Most YAML readers keep the last one without a word: a lost column, or a lost table.
    ///
    /// What helps: remove one of the two.
    DuplicateKey = "RK103",
    /// A key that the file format does not know.
    ///
    /// A misspelt key would be ignored, and what it was to say would not hold.
    ///
    /// What helps: correct the key; the help names the nearest one. `rowkeep schema` gives editors the list.
    UnknownKey = "RK104",
    /// A value of another shape than the key takes.
    ///
    /// A list where a text belongs, or the other way round, has no meaning here. Nothing is guessed: `2025_01` is no number,
    /// and `no` is no boolean.
    ///
    /// What helps: write the shape that the message expects.
    WrongType = "RK105",
    /// A key that must be there is not.
    ///
    /// There is no default that would be safe for it.
    ///
    /// What helps: add the key; `defaults:` in rowkeep.yml may hold retention, time, rows and layout for all tables.
    MissingKey = "RK106",
    /// A word that is none of those the key takes.
    ///
    /// The words are few and fixed: dialects, units of time, `latest` and `events`.
    ///
    /// What helps: use one of the words that the help lists.
    UnknownWord = "RK107",
    /// A path that leads out of the repository, or a file that the project's own rules leave out.
    ///
    /// What lies outside is not in the commit that CI builds, and a link could have files read or written elsewhere. A table
    /// spec that does not end in `.yml`, or a template that replaces none, would be left out without a word.
    ///
    /// What helps: move the file into the repository, or give it the name that the help says.
    Path = "RK108",
    /// A reference into another YAML file that leads nowhere.
    ///
    /// `periods: { file: dbt_project.yml, at: vars.hist_periods }` was read, and there is no list at that place.
    ///
    /// What helps: correct `at:`, or write the list there.
    Reference = "RK109",
    /// A period's name that carries no bounds.
    ///
    /// Names such as `2025_h2`, `2025_q3`, `2025_m07` and `2025` say their bounds; any other must state them, and a name that
    /// says others than it states would mislead whoever reads it.
    ///
    /// What helps: use such a name, or write `{ name: legacy, start: 2019-01-01, end: 2025-07-01 }`.
    PeriodName = "RK201",
    /// Two neighbouring periods leave a gap.
    ///
    /// Due rows of the time between them have nowhere to go: they would stay in the mart, and be reported each cycle.
    ///
    /// What helps: add the period between them.
    PeriodGap = "RK202",
    /// Two periods overlap.
    ///
    /// A row of the time that they share could go to both history tables.
    ///
    /// What helps: let each period start on the day on which the one before it ends; `end` is the first day that no longer
    /// belongs to it.
    PeriodOverlap = "RK203",
    /// A period stands twice.
    ///
    /// Its history tables exist once.
    ///
    /// What helps: remove one.
    PeriodDuplicate = "RK204",
    /// Periods out of order.
    ///
    /// The last one decides the horizon, and a reader looks for it at the end.
    ///
    /// What helps: list periods oldest first.
    PeriodOrder = "RK205",
    /// A period that holds no instant.
    ///
    /// No row could ever go there. Periods are half-open: `end` is the first day that no longer belongs to it.
    ///
    /// What helps: write an `end` after `start`.
    PeriodEmpty = "RK206",
    /// A project without periods.
    ///
    /// Due rows would have nowhere to go.
    ///
    /// What helps: add a line such as `- 2025_h2`.
    NoPeriods = "RK207",
    /// Something that is no calendar date of the years 1 to 9999.
    ///
    /// Engines and calendars disagree about all others.
    ///
    /// What helps: write YYYY-MM-DD, as in 2025-07-01.
    Date = "RK208",
    /// A `sealed_before` that is no period's bound, or that leaves no period open.
    ///
    /// A period is open or sealed as a whole; and with all of them sealed no cycle could archive a row.
    ///
    /// What helps: write the start of the first open period.
    Sealed = "RK209",
    /// A name that could not be emitted safely.
    ///
    /// Names are pasted into SQL by no one: models, history prefixes and exception types are plain, columns may be quoted. A
    /// quote, a semicolon or a letter that looks like nothing could end a name early, or make two that read the same.
    ///
    /// What helps: use letters, digits and underscores; quote a column in YAML as `'"Trace Seq"'`.
    Name = "RK301",
    /// A name that the engine would cut off.
    ///
    /// PostgreSQL keeps 63 bytes and Redshift 127, without a word: two history tables could become one. What counts is the
    /// name with all that is added to it, such as a period's suffix.
    ///
    /// What helps: shorten the name.
    NameLength = "RK302",
    /// Two things with one name.
    ///
    /// After the engine has folded their letters, two relations or columns would be one; or a table would be called like the
    /// rows of a statement.
    ///
    /// What helps: rename one of them.
    NameClash = "RK303",
    /// A column that the spec does not declare.
    ///
    /// A statement that names it would fail in the warehouse, at night.
    ///
    /// What helps: declare it in `columns:`, or in `source_columns:` if only raw has it; or correct the name.
    UnknownColumn = "RK304",
    /// A column type that Rowkeep does not map, or that its use forbids.
    ///
    /// Types are mapped per engine and never pasted. A float or a json in a key compares in ways that lose rows.
    ///
    /// What helps: use one of the types that the help lists.
    ColumnType = "RK305",
    /// A time column whose type and unit disagree.
    ///
    /// Bounds and cutoffs are written in the column's unit: seconds where milliseconds stand would archive everything, or
    /// nothing.
    ///
    /// What helps: state `epoch_seconds` or `epoch_millis` for numbers; timestamps and dates need no unit.
    TimeUnit = "RK306",
    /// A duration that is not a fixed, positive, representable length of time.
    ///
    /// Months and years have no fixed length, so a cutoff would jump; a date column counts whole days.
    ///
    /// What helps: write weeks, days, hours or minutes, as in `180 days`.
    Duration = "RK307",
    /// A `while_in` or `after` that names no table, or leads in a circle.
    ///
    /// Tables run in an order in which parents come first, and a circle has none.
    ///
    /// What helps: name the model of another table of the project.
    TableReference = "RK308",
    /// Two tables with one exception type.
    ///
    /// An exception holds the rows of its type's table; with two tables, one would hold the other's.
    ///
    /// What helps: give each table a type of its own; `<TYPE>_HOLD` and `<TYPE>_NULL_KEY` are taken too.
    ExceptionType = "RK309",
    /// An exceptions table whose key does not fit its tables.
    ///
    /// Exceptions are recorded under one column, of one type, that is in the key of every table of the family.
    ///
    /// What helps: name it: `exceptions: { table: ..., key: ... }`, or give the table an `exceptions:` of its own.
    ExceptionKey = "RK310",
    /// An `order_by` that would let an older version win.
    ///
    /// Of several raw rows of one key the first in this order is taken: it must begin with the time, newest first, and end
    /// with a column that tells two deliveries apart, or the choice would be the engine's.
    ///
    /// What helps: write the time `desc`, then a column that grows with each delivery.
    OrderBy = "RK311",
    /// `rows: latest` where every version has a key of its own.
    ///
    /// The time is in the key, so no row ever replaces another.
    ///
    /// What helps: write `rows: events`, or take the time out of `unique_key`.
    Rows = "RK312",
    /// A project without tables.
    ///
    /// There is nothing to compile.
    ///
    /// What helps: add one spec per rolling table.
    NoTables = "RK313",
    /// An entry of `raw` whose rows could go before a cycle took them over.
    ///
    /// A raw row is trimmed once a completed cycle began after it was landed. For that Rowkeep must know who reads the table, and
    /// when each row was landed: the time by which rows age does not say it, since a late row carries an old one.
    ///
    /// What helps: name the `source` of a table spec, once, and a column that the extraction fills with its own time.
    TableFile = "RK314",
    /// A monitor that could not ask what it is to ask.
    ///
    /// Each kind takes keys of its own; a key that has no effect, an empty window, or nothing to compare would make a monitor that
    /// is always silent.
    ///
    /// What helps: the message names the key; docs/reference/monitors.md has each kind with its keys.
    Monitor = "RK315",
    /// Something that is no share of a table's rows.
    ///
    /// A share of nothing would stop every cycle, or report every row, and one of all would never do so.
    ///
    /// What helps: write per cent, more than 0 and less than 100, as in `20%`.
    Share = "RK316",
    /// An entry of `maintenance` that stands twice, or waits for a condition that nobody can look up.
    ///
    /// The condition is read from the engine's catalogue, which knows how much of a table is unsorted.
    ///
    /// What helps: remove one of the two; write the condition as `unsorted > 15`.
    Maintenance = "RK317",
    /// A schedule that says no time, or whose night is out of order.
    ///
    /// Maintenance comes before the sweep, and the sweep before monitors: what monitors find is to be what a sweep left.
    ///
    /// What helps: write times of day as `02:30`, UTC, each later than the one before it.
    Schedule = "RK318",
    /// A load that contradicts itself.
    ///
    /// A load selects by when a row was ingested and by what day it is of, and replaces whole days of its aggregate: it needs a
    /// column for each, and a key by which versions of one row are known.
    ///
    /// What helps: state what the message names.
    Load = "RK319",
    /// A template that could not be rendered.
    ///
    /// A value that passed no filter would be pasted into SQL as it is; an undefined name would leave a hole; a loop that
    /// does not end would never give a statement.
    ///
    /// What helps: every value passes a filter: `full`, `bare`, `name`, `of`, `type` or `literal`.
    Template = "RK401",
    /// A rendered statement that its engine's parser refuses.
    ///
    /// What cannot be parsed cannot be shown to be right, and would fail in the warehouse.
    ///
    /// What helps: mend the template at the line that is shown.
    Unparsable = "RK402",
    /// A rendered text that is not exactly one statement.
    ///
    /// One hook is one statement: an engine may commit after any of them, and a second one would be nobody's step.
    ///
    /// What helps: write one statement, without a semicolon at its end.
    NotOneStatement = "RK403",
    /// A rendered statement of another kind, or on another target, than its step names.
    ///
    /// A step says which relation it changes and how; the manifest, the order and the rehearsal rely on it.
    ///
    /// What helps: change the relation that the step names, without RETURNING, LIMIT, ON CONFLICT or an alias of the target.
    WrongEffect = "RK404",
    /// A rendered statement that touches a relation that its step does not declare.
    ///
    /// It would depend on, or change, what no plan knows of.
    ///
    /// What helps: read the relations of the step; `rowkeep compile` lists them in manifest.json.
    UndeclaredRelation = "RK405",
    /// A rendered statement of a form that cannot be shown to do what its step claims.
    ///
    /// Each statement is read for what it means and held against its step. Of a form that has no meaning there, nothing is
    /// known, and what cannot be shown is refused.
    ///
    /// What helps: say it in the words of the built-in template: comparisons, tests for NULL, EXISTS, IN, joins that say the
    /// same.
    Unshown = "RK406",
    /// A rendered statement that writes other columns, or other values, than its step.
    ///
    /// A copy would differ from its row, and be trimmed as if it were equal. `SELECT *` lets the order of a table's columns
    /// decide.
    ///
    /// What helps: write the columns of the spec, each from the column of its own name.
    Columns = "RK407",
    /// A rendered statement without its period's bounds, or with others.
    ///
    /// A row would land in another period's history table, or in none (L3). Periods are half-open: the start belongs to them,
    /// the end does not.
    ///
    /// What helps: write `time >= start AND time < end`, or `within(row, period)`.
    Bounds = "RK408",
    /// A rendered INSERT without its guard against what is there already.
    ///
    /// A cycle may stop anywhere and start again; without the guard a row would be written twice (L2). The guard compares the
    /// whole key, and where keys have versions, the time.
    ///
    /// What helps: keep `not_archived(row)`, or say the same.
    Guard = "RK409",
    /// A rendered DELETE without proof that an equal row stands elsewhere.
    ///
    /// A trim believes nothing but a copy that is equal in key and time; without it a row could be deleted of which no copy
    /// is left (L1).
    ///
    /// What helps: keep the EXISTS over the history tables, with every column of the key and the time.
    Proof = "RK410",
    /// A rendered statement that moves what an exception holds.
    ///
    /// An open exception of the table's own types keeps all rows of its key where they are (L8); and a report must not be
    /// doubled (L6).
    ///
    /// What helps: keep `not_held(row)`.
    Held = "RK411",
    /// A rendered statement that asks otherwise than its step whether a row is due.
    ///
    /// A row would leave before its time, or stay beyond it (L8, L5). The cutoff is stored once per cycle, and `<` is its
    /// comparison.
    ///
    /// What helps: keep `is_due(row)`.
    Due = "RK412",
    /// A rendered statement that does not compare, or test, the whole key.
    ///
    /// By a part of its key a row is taken for others; and a row that lacks a part must stay where it is (L9).
    ///
    /// What helps: compare or test every column of `unique_key`: `same(key, a, b)`, `has_key(row)`.
    Key = "RK413",
    /// A rendered statement that compares versions otherwise than its step.
    ///
    /// An older version would stay in place of a newer one, or two of one time would take each other away (L4, L1).
    ///
    /// What helps: keep the comparison of times as the built-in template has it.
    Version = "RK414",
    /// A rendered statement that asks otherwise than its step for the parent, or for the keys that a batch touched.
    ///
    /// A row would be parted from its parent, or not come back with it (L7).
    ///
    /// What helps: keep `has_parent(row)` and `touched_rows(...)`.
    Parent = "RK415",
    /// A rendered load that takes other rows of raw than its step.
    ///
    /// Rows would be missed, or taken that the mart refuses (L1).
    ///
    /// What helps: keep `eligible()` and the tests of the key and the time.
    Accepted = "RK416",
    /// A rendered statement that reads or closes other exceptions than its step.
    ///
    /// A gap would go unreported, an exception be doubled, or one stay open without cause (L6).
    ///
    /// What helps: compare type, key and `resolved_at` as the built-in template does; what exceptions say to people is free.
    Exception = "RK417",
    /// A rendered statement with a condition that its step does not have.
    ///
    /// It does less than its step: rows that must move would stay, and the safety check would report them each cycle (L5).
    ///
    /// What helps: leave the condition out; what is not to be archived at all does not belong in the mart.
    OtherCondition = "RK418",
    /// NOT IN over a query.
    ///
    /// One NULL among the query's rows, and the condition is true for no row: nothing would move any more, without a word.
    ///
    /// What helps: write NOT EXISTS, with the columns compared inside of it.
    NotIn = "RK419",
    /// BETWEEN, which takes its upper bound in.
    ///
    /// The first instant of the next period would belong to two, and a timestamp between the last second and midnight to
    /// none.
    ///
    /// What helps: write `>=` the start and `<` the end.
    Between = "RK420",
    /// A DELETE or UPDATE without a condition.
    ///
    /// It would change every row. Only a work table is emptied, and says so.
    ///
    /// What helps: say which rows; a work table that is emptied takes WHERE TRUE.
    Unconditional = "RK421",
    /// A form that the parser takes and the engine does not.
    ///
    /// Parsers know no engine's limits. Redshift does not decorrelate a query beside OR, and refuses one in the ON of a join
    /// (its manual, "Correlated subqueries"). GoogleSQL has no `::`, no UNION that leaves ALL or DISTINCT open, and other types.
    ///
    /// What helps: write it as the message says.
    Trap = "RK422",
    /// A table whose statements do not cover what its retention demands.
    ///
    /// Each open period has its archive, cleanup and trim; the trim looks at all of them; steps stand in their order. A gap
    /// would leave rows behind.
    ///
    /// What helps: this is a fault of Rowkeep's own: please report it.
    Steps = "RK423",
    /// L1 nothing lost: the newest accepted version of a key stands neither in the mart nor in a history table.
    ///
    /// Found by `rowkeep rehearse`, with the statement that did it. The row is gone.
    ///
    /// What helps: look for a DELETE whose proof is less than an equal copy, or a load that deletes before it inserts.
    NothingLost = "RK501",
    /// L2 nothing twice: a key stands in two places.
    ///
    /// Found by `rowkeep rehearse` after a completed run. Queries over mart and history count it twice.
    ///
    /// What helps: look for an INSERT without a guard over the whole key, or a copy that no cleanup removes.
    NothingTwice = "RK502",
    /// L3 routed: a history table holds a row of another time.
    ///
    /// Found by `rowkeep rehearse`. Whoever queries by period misses the row.
    ///
    /// What helps: look for bounds that are not those of the period.
    Routed = "RK503",
    /// L4 nothing stale: an older version stands where a newer one was accepted.
    ///
    /// Found by `rowkeep rehearse` after a completed run.
    ///
    /// What helps: look for a load that takes the last row delivered for the newest, or a cleanup that misses a period.
    NothingStale = "RK504",
    /// L5 bounded: a due row of an open period stays in the mart, and nothing holds it.
    ///
    /// Found by `rowkeep rehearse` after a completed run. The mart grows.
    ///
    /// What helps: look for a condition that archive and trim do not share.
    Bounded = "RK505",
    /// L6 reported: a row that is kept back has no open exception, or several; or one is open without cause.
    ///
    /// Found by `rowkeep rehearse`. Nobody hears of a gap, or everybody hears of none.
    ///
    /// What helps: look for a safety check that names periods, or a resolve that comes too late.
    Reported = "RK506",
    /// L7 joined: a child is not in its mart while its parent is.
    ///
    /// Found by `rowkeep rehearse` after a completed run. Joins over marts lose rows.
    ///
    /// What helps: look for a reactivation that restores nothing.
    Joined = "RK507",
    /// L8 not early: a row left the mart before it was due, or while its key was held.
    ///
    /// Found by `rowkeep rehearse`.
    ///
    /// What helps: look for a cutoff that one future row moves, or a statement that does not ask for holds.
    NotEarly = "RK508",
    /// L9 incomplete rows stay: a row without its time, or a part of its key, was deleted, and nothing complete replaces it.
    ///
    /// Found by `rowkeep rehearse`.
    ///
    /// What helps: look for a comparison with a NULL that was taken for true, or a load that deletes by time.
    IncompleteRowsStay = "RK509",
    /// L10 quiet: a second run of the same cycle changed something.
    ///
    /// Found by `rowkeep rehearse`. A cycle that stops and starts again would not end where the first would have.
    ///
    /// What helps: look for an INSERT that adds again what has no key.
    Quiet = "RK510",
    /// A committed file that is not what compiles now.
    ///
    /// What runs is not what the project says: somebody changed one of the two by itself.
    ///
    /// What helps: change the project, not the artifact; run `rowkeep compile`, and commit what it writes.
    Drift = "RK701",
    /// A file that compiles now and is not committed.
    ///
    /// Whoever deploys the committed files leaves a statement out.
    ///
    /// What helps: run `rowkeep compile`, and commit what it writes.
    MissingFile = "RK702",
    /// A committed file that nothing compiles.
    ///
    /// Whoever runs all files of a folder runs what the project does not say.
    ///
    /// What helps: run `rowkeep compile`, which removes what it wrote before; remove by hand what somebody else put there.
    Orphan = "RK703",
    /// Due rows will soon fall into no period.
    ///
    /// From the horizon on, rows that become due stay in the mart and are reported. The horizon is the end of the last period
    /// plus the retention.
    ///
    /// What helps: add the next period: one line.
    HorizonNear = "RK711",
    /// Due rows fall into no period.
    ///
    /// They stay in the mart, each with an open exception; the mart grows. Nothing is lost, and once the period is added they
    /// drain by themselves.
    ///
    /// What helps: add the period that is missing, create its tables, and compile.
    HorizonPassed = "RK712",
    /// Periods are sealed into which rows still age.
    ///
    /// Rows of a sealed period wait for the nightly sweep, and their keys are held until then: that is for rows that come
    /// late, not for all.
    ///
    /// What helps: write the start of the period that the cutoff is in.
    SealedEarly = "RK713",
    /// A raw table that a spec reads and nobody trims.
    ///
    /// Each cycle reads all of it, and it grows with each delivery: cycles become slower day by day.
    ///
    /// What helps: add it to `raw:` in rowkeep.yml with the time at which its rows were landed and how long they are to stay. If
    /// somebody else trims it, let that be after a completed cycle that began after the rows were landed.
    RawUntrimmed = "RK714",
    /// A load that is bounded by ingestion time alone.
    ///
    /// What was ingested lately is what happened lately only while nobody fills the source again. A load that trusts it reads years of
    /// rows on the day on which somebody does, for hours.
    ///
    /// What helps: state `within:` in the load's `event:`. It is one line, and may be removed again when the source is quiet.
    LoadUnbounded = "RK715",
    /// A load whose days reach back less far than its ingestion.
    ///
    /// A row may be ingested in time, and be of a day that is no longer looked at: no later run takes it either.
    ///
    /// What helps: let `within:` of `event:` be at least that of `ingestion:`, unless late rows are not to count.
    LoadLosesLate = "RK716",
    /// A load whose temp table has no partitions.
    ///
    /// BigQuery bills what is read: without partitions, each look at one day of a batch reads all of it.
    ///
    /// What helps: state `event:`, by whose column the temp table is partitioned.
    LoadUnpartitioned = "RK717",
    /// A period that was there is gone.
    ///
    /// Its history tables hold rows, and no statement would look at them: a key that comes back would stand twice, and the
    /// all-rows view would miss them.
    ///
    /// What helps: put the line back; seal it with `sealed_before` if it costs too much.
    PeriodRemoved = "RK721",
    /// A period has other bounds than it had.
    ///
    /// Rows in its history tables could lie outside of it (L3).
    ///
    /// What helps: give it its bounds back, and state another period beside it.
    PeriodRebounded = "RK722",
    /// A table that was there is gone.
    ///
    /// Its mart would grow for ever, and nobody would look at its history.
    ///
    /// What helps: put its spec back; or see to its rows, and say `--allow table`.
    TableDropped = "RK723",
    /// A table's key or time is another than it was.
    ///
    /// Archived rows would be taken for others, or not be found; by another time they could lie outside of their periods.
    ///
    /// What helps: give it back; or migrate the history tables in the same change, and say `--allow key`.
    KeyChanged = "RK724",
    /// Rows stay longer than they did.
    ///
    /// A row that has been archived, and is delivered again before it is due once more, would stand in the mart and in
    /// history (L2).
    ///
    /// What helps: keep the shorter one; or bring back first what it would not have archived yet, and say `--allow
    /// retention`.
    RetentionLengthened = "RK725",
    /// A table's history has another name than it had.
    ///
    /// What was archived would not be found under the new one.
    ///
    /// What helps: give it its name back; or rename the history tables in the same change, and say `--allow history`.
    HistoryMoved = "RK726",
    /// A column that was there is gone, or has another type.
    ///
    /// What is archived from now on would lack it, and be trimmed from the mart as copied. The table of a load's aggregate is made once: with
    /// other columns, no run could write into it.
    ///
    /// What helps: put it back; or change the mart and every history table, or the aggregate's table, in the same change, and say `--allow column`.
    ColumnDropped = "RK727",
    /// The manifest of the dbt project cannot be compared: it is not one, or dbt runs on another engine than the project
    /// compiles for.
    ///
    /// Nothing is known of what dbt runs.
    ///
    /// What helps: `dbt parse` in the dbt project writes its manifest anew; `--dialect` checks for another engine.
    DbtManifest = "RK801",
    /// The dbt project has no enabled model for a table, or several of its name.
    ///
    /// Nothing archives or trims the mart, and hooks of its children name a model that is not there.
    ///
    /// What helps: add the model, or remove the table's spec.
    DbtModel = "RK802",
    /// dbt does not run a hook that was compiled.
    ///
    /// A step is left out of every cycle. Each is needed: without one of them a law does not hold.
    ///
    /// What helps: wire the model's hooks through the compiled macro, or through the compiled properties; not by hand.
    DbtHookMissing = "RK803",
    /// dbt runs a hook that is not what compiles now.
    ///
    /// Most often the package is an older one: after a rotation, it archives to the old periods only.
    ///
    /// What helps: `rowkeep compile` into the folder that dbt reads, then `dbt deps` if the package is copied.
    DbtHookChanged = "RK804",
    /// dbt runs a hook on the mart that was not compiled.
    ///
    /// What it does to rows, no rehearsal has seen. A statement that changes rows of the mart or of its history is an error, any other
    /// a warning; GRANT, ANALYZE, VACUUM and COMMENT are none.
    ///
    /// What helps: remove it; what is left of hand-written hooks must go.
    DbtHookExtra = "RK805",
    /// dbt runs the compiled hooks in another order, or one of them outside of the transaction, which is after all others.
    ///
    /// Steps rely on those before them: a trim before its archive finds no proof, and a safety check before the trim reports
    /// every row.
    ///
    /// What helps: wire the model's hooks through the compiled macro, or through the compiled properties; not by hand.
    DbtHookOrder = "RK806",
    /// dbt runs a hook more than once.
    ///
    /// Hooks of dbt_project.yml, of properties and of the model's own config add up: with two wirings, each runs twice.
    ///
    /// What helps: keep one wiring.
    DbtHookTwice = "RK807",
    /// The mart has a column that the spec lacks, or nothing keeps it from getting one.
    ///
    /// It would not be copied to history, and the row would be trimmed as copied: what it holds would be lost.
    ///
    /// What helps: add the column to the table's spec and to its history tables; or take it out of the model. An enforced contract
    /// keeps it so.
    DbtColumn = "RK808",
    /// dbt can build the mart anew.
    ///
    /// `dbt run --full-refresh`, or a model that is no incremental one, replaces the mart by what raw still holds: every other row is
    /// lost.
    ///
    /// What helps: `materialized='incremental'` and `full_refresh=false` in the model's config.
    DbtFullRefresh = "RK809",
    /// A model can run before the one that its hooks look at.
    ///
    /// A child that runs before its parent takes the parent's rows of the last cycle for those of this one.
    ///
    /// What helps: `-- depends_on: {{ ref('the_parent') }}` in the model.
    DbtRunOrder = "RK810",
    /// Relations that the project has in one schema are in several in dbt.
    ///
    /// Hooks find history, work and exceptions tables beside their own mart: with marts in several schemas, each would have
    /// tables of its own, and a child would look for its parent's in vain.
    ///
    /// What helps: give the models one schema in dbt, or state their schemas as `relation:` in their specs.
    DbtSchemas = "RK811",
    /// dbt calls a mart by another name than the project.
    ///
    /// History, work and exceptions tables have one name in a schema. Targets whose marts are told apart by names alone would
    /// share them, and one would clean up the other's history.
    ///
    /// What helps: give each target a schema of its own; or state the name as `relation:` in the table's spec.
    DbtAlias = "RK812",
    /// A relation of the project is not in the database.
    ///
    /// A cycle that names it fails at that statement. Nothing is lost: every statement is safe to stop before.
    ///
    /// What helps: run the statements of ddl/ in the order of their names, which leave alone what is there; create a missing raw_table
    /// table, or correct its name.
    LiveMissing = "RK901",
    /// A table in the database looks like one of the project's, and is none.
    ///
    /// A history table whose period is listed nowhere is seen by no view, no monitor and no cleanup: its rows are out of sight, and a key
    /// in it can come to stand twice.
    ///
    /// Another project's tables may stand in the same schema: then it is theirs.
    ///
    /// What helps: list its period, with the bounds of its rows; or drop the table once it is empty.
    LiveLeftOver = "RK902",
    /// A relation in the database lacks a column of the project.
    ///
    /// Every statement names its columns, so the cycle fails at the first one that names this.
    ///
    /// What helps: add the column, to mart and history tables alike; or take it out of the spec.
    LiveColumnMissing = "RK903",
    /// A column in the database has another type than in the project.
    ///
    /// What is copied from one type to another may be cut, rounded or refused, and a proof that compares the two may never hold.
    ///
    /// What helps: make them the same: mart, history, work and exceptions tables share the types of the spec.
    LiveColumnType = "RK904",
    /// A mart or history table has a column that the project lacks.
    ///
    /// No archive copies it, and the row is trimmed as copied: what the column holds is lost with it.
    ///
    /// What helps: add the column to the spec and to the history tables before the next cycle; or drop it. `check --dbt` keeps it from
    /// happening again.
    LiveColumnUnknown = "RK905",
    /// A raw table lacks a column that statements name.
    ///
    /// The load fails, in the night in which the column went.
    ///
    /// What helps: bring the column back, or name one in the spec that is there: a tie-break must be a column of raw.
    LiveRaw = "RK906",
    /// A column refuses NULL where the project does not, or takes it where the project refuses it.
    ///
    /// A history table that refuses what its mart holds stops every archive; a mart that takes what nobody expects keeps rows that no
    /// statement can route.
    ///
    /// What helps: set or drop NOT NULL, or say `not null` in the spec.
    LiveNull = "RK907",
    /// What the doctor's role may not read.
    ///
    /// Nothing is known of it; a monitor that reads it is not asked, or is refused. Maintenance that may not look at unsorted shares sorts every night.
    ///
    /// What helps: the grant that the help names; reading is enough.
    LiveUnreadable = "RK908",
    /// Models may run at once in a database whose transactions are serializable.
    ///
    /// Both write one exceptions table. One of the two is ended with an error, on Redshift with 1023; nothing is lost, but its cycle has
    /// to run again.
    ///
    /// What helps: snapshot isolation, which is the default of new Redshift databases; or `after:` in one of the specs.
    LiveIsolation = "RK909",
    /// Exceptions are open.
    ///
    /// Each keeps the rows of its key where they are. What is younger than a night may be gone after the sweep; what is older needs
    /// somebody to look. Holds, and what is only a warning, are notes.
    ///
    /// What helps: `rowkeep runbook exceptions` says of each type what it means and what cures it.
    LiveExceptions = "RK910",
    /// No sweep was completed for more than a night.
    ///
    /// Rows of sealed periods wait for it, with their whole keys: marts grow, and keys that touch sealed periods may stand twice.
    ///
    /// What helps: run the sweep while no cycle runs, and look why the last one did not end.
    LiveSweep = "RK911",
    /// No cycle was completed for a long time.
    ///
    /// Raw rows wait, and raw tables are not trimmed until a cycle has taken them over.
    ///
    /// What helps: look at the last run of the load and the hooks; what was stopped can be started again.
    LiveCycle = "RK912",
    /// A monitor of the project finds something.
    ///
    /// The file that the help names lists all of it. Where periods are sealed, keys that touch one may stand twice until the next sweep.
    ///
    /// What helps: the cause, which the monitor's name says; `rowkeep runbook exceptions` has each.
    LiveMonitor = "RK913",
    /// By the rows in the mart, due rows will soon fall beyond the last period, or do.
    ///
    /// From then on they stay in their mart, each with an exception, until a period takes them; none is lost.
    ///
    /// What helps: one line, `rowkeep rotate`.
    LiveHorizon = "RK914",
    /// A mart holds rows that are older than the first period.
    ///
    /// Once they are due, no history table takes them: they stay in their mart, each with an exception that only a period can cure.
    ///
    /// What helps: one line before the first period, that `rowkeep runbook lower-edge` has.
    LiveLowerEdge = "RK915",
    /// A view over a mart and its history tables does not read all of them.
    ///
    /// Who asks it misses the rows of those periods. It was made before they were.
    ///
    /// What helps: run its statement of ddl/ again, which is part of every rotation.
    LiveView = "RK916",
    /// A mart, history, work or exceptions table is no table in the database.
    ///
    /// Statements insert into it and delete from it: into a view they go elsewhere, or nowhere.
    ///
    /// What helps: put a table in its place, and the view under another name.
    LiveKind = "RK917",
    /// The exceptions table refuses a second exception of a key and type.
    ///
    /// One that was resolved stays in the table. When its cause comes again, the next one is refused, and the cycle stops.
    ///
    /// What helps: drop the constraint. A guard keeps it to one that is open.
    LiveUnique = "RK918",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

//! RK4xx: rendered statements that do not do what their step claims.

macro_rules! statement_codes {
    ($next:ident $($rest:ident)*; $($before:tt)*) => {
        $next! {
            $($rest)*; $($before)*
            /// A template cannot be rendered.
            ///
            /// Rowkeep refuses a value that passes no filter, because it could break the SQL. It
            /// also refuses an undefined name and a loop that does not end.
            ///
            /// Fix: pass every value through a filter: `full`, `bare`, `name`, `of`, `type` or
            /// `literal`.
            Template = "RK401",
            /// The parser of the engine rejects a rendered statement.
            ///
            /// Rowkeep cannot verify a statement that it cannot parse, and the engine would reject
            /// it too.
            ///
            /// Fix: correct the template at the line that the message shows.
            Unparsable = "RK402",
            /// A template renders no statement, or several statements.
            ///
            /// Each hook runs exactly one statement, and an engine may commit after each of them. A
            /// second statement would belong to no step.
            ///
            /// Fix: write one statement, without a semicolon at the end.
            NotOneStatement = "RK403",
            /// A rendered statement has another kind or another target than its step declares.
            ///
            /// A step declares which relation it changes, and how. The manifest, the run order and
            /// the rehearsal rely on this.
            ///
            /// Fix: change only the relation that the step names. Do not use RETURNING, LIMIT or ON
            /// CONFLICT. The message names the clause.
            WrongEffect = "RK404",
            /// A rendered statement reads or writes a relation that its step does not declare.
            ///
            /// The statement would depend on a relation, or change a relation, that the plan does
            /// not know.
            ///
            /// Fix: read only the relations of the step. manifest.json lists them.
            UndeclaredRelation = "RK405",
            /// Rowkeep cannot prove that a rendered statement does what its step claims.
            ///
            /// Rowkeep derives the meaning of each statement and compares it with the claim of the
            /// step. It does not understand this form of SQL, and it refuses what it cannot prove.
            ///
            /// Fix: use the forms of the built-in template: comparisons, NULL tests, EXISTS, IN,
            /// and equivalent joins.
            Unshown = "RK406",
            /// A rendered statement writes other columns or other values than its step.
            ///
            /// The copy in history would differ from the row, and trim would delete the row as if
            /// they were equal. With `SELECT *`, the result would depend on the column order of a
            /// table.
            ///
            /// Fix: write the columns of the spec, each from the column with the same name.
            Columns = "RK407",
            /// A rendered statement lacks the bounds of its period, or uses other bounds.
            ///
            /// A row would go to the history table of another period, or to none (L3). Periods are
            /// half-open: they include their start and exclude their end.
            ///
            /// Fix: write `time >= start AND time < end`, or `within(row, period)`.
            Bounds = "RK408",
            /// A rendered INSERT lacks the guard against rows that are already there.
            ///
            /// A cycle may stop anywhere and start again. Without the guard, it would write a row
            /// twice (L2). The guard compares the whole key, and also the time if keys have
            /// versions.
            ///
            /// Fix: keep `not_archived(row)`, or write an equivalent condition.
            Guard = "RK409",
            /// A rendered DELETE lacks the proof that an equal row exists elsewhere.
            ///
            /// Trim deletes a row only if the history table has a copy that is equal in every
            /// column. Without this proof, the statement could delete the last copy of a row (L1).
            ///
            /// Fix: keep the EXISTS over the history table, with every column of the key, the time,
            /// and `and_same_payload(...)` for the others.
            Proof = "RK410",
            /// A rendered statement ignores open exceptions.
            ///
            /// An open exception of the table's own types holds all rows of its key: no statement
            /// may move them (L8). The safety check must not report a row twice (L6).
            ///
            /// Fix: keep `not_held(row)`.
            Held = "RK411",
            /// A rendered statement uses another test for due rows than its step.
            ///
            /// A row would leave the mart too early or too late (L8, L5). The cycle stores its
            /// cutoff once, and a row is due if its time is less than (`<`) the cutoff.
            ///
            /// Fix: keep `is_due(row)`.
            Due = "RK412",
            /// A rendered statement does not compare or test the whole key.
            ///
            /// With a part of the key, the statement confuses different rows. A row with a NULL in
            /// its key must stay where it is (L9).
            ///
            /// Fix: compare or test every column of `unique_key`: `same(key, a, b)`,
            /// `has_key(row)`.
            Key = "RK413",
            /// A rendered statement compares versions in another way than its step.
            ///
            /// An older version could replace a newer one, or two versions with the same time could
            /// delete each other (L4, L1).
            ///
            /// Fix: keep the comparison of times from the built-in template.
            Version = "RK414",
            /// A rendered statement uses another test for the parent, or for the keys of a batch,
            /// than its step.
            ///
            /// A row would be separated from its parent, or would not return with it (L7).
            ///
            /// Fix: keep `has_parent(row)` and `touched_rows(...)`.
            Parent = "RK415",
            /// A rendered load takes other raw rows than its step.
            ///
            /// The load would miss rows, or take rows that the mart rejects (L1).
            ///
            /// Fix: keep `eligible()` and the tests of the key and the time.
            Accepted = "RK416",
            /// A rendered statement reads or closes other exceptions than its step.
            ///
            /// A gap would not be reported, an exception would be duplicated, or an exception would
            /// stay open without cause (L6).
            ///
            /// Fix: compare type, key and `resolved_at` as the built-in template does. You may
            /// change the text of the notes.
            Exception = "RK417",
            /// A rendered statement has a condition that its step does not have.
            ///
            /// The statement would skip rows that it must move. The safety check would report them
            /// in every cycle (L5).
            ///
            /// Fix: remove the condition. Rows that must never be archived do not belong in the
            /// mart.
            OtherCondition = "RK418",
            /// A rendered statement uses NOT IN with a subquery.
            ///
            /// If the subquery returns one NULL, the condition is true for no row. The statement
            /// would silently stop moving rows.
            ///
            /// Fix: write NOT EXISTS, and compare the columns inside of it.
            NotIn = "RK419",
            /// A rendered statement uses BETWEEN, which includes its upper bound.
            ///
            /// The first instant of the next period would belong to two periods. If the upper bound
            /// is the last second of a day, a timestamp after it belongs to no period.
            ///
            /// Fix: write `>=` the start and `<` the end.
            Between = "RK420",
            /// A rendered DELETE or UPDATE has no condition.
            ///
            /// It would change every row. Only a work table may be emptied, and its statement must
            /// say so.
            ///
            /// Fix: add a condition. To empty a work table, write WHERE TRUE.
            Unconditional = "RK421",
            /// The parser accepts a rendered statement, but the engine does not.
            ///
            /// Parsers do not know the limits of an engine. Redshift refuses some correlated
            /// subqueries (its manual, "Correlated subqueries"). So for Redshift, an EXISTS must
            /// read stored tables and stand in WHERE, joined by AND, or by OR with another EXISTS,
            /// as in AWS's own benchmark texts. It is refused in another EXISTS, over a derived
            /// table, in a branch of a UNION, in a CASE and in a select list: Redshift is not known
            /// to run it there. GoogleSQL has no `::` and no UNION without ALL or DISTINCT, and it
            /// has other types.
            ///
            /// Fix: write the statement as the message says.
            Trap = "RK422",
            /// The statements of a table do not cover its retention.
            ///
            /// Each open period needs an archive, a cleanup and a trim, and the steps must run in
            /// their order. Otherwise rows would stay in the mart.
            ///
            /// Fix: this is a bug in Rowkeep. Please report it.
            Steps = "RK423",
            /// A template writes the name of a relation itself.
            ///
            /// dbt gives relations other names for each target. A name that the template writes
            /// itself is the same for every target: a run of a developer would read, or change,
            /// the tables of production.
            ///
            /// Fix: write `{{ history|full }}` for a table, and `{{ history|bare }}` before a
            /// column, with the variable of the relation.
            WrittenOut = "RK424",
        }
    };
}

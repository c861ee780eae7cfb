//! Each drift is created, found by the doctor, and repaired.

use rowkeep::diagnostic::Level;

use crate::doctor::{DUE, EXCEPTIONS, Fixture, NOW, PERIODS, UTI, UTS};

/// The statements that create a drift, the statements that repair it, and parts of the expected
/// findings.
struct Drift<'a> {
    plant: Vec<&'a str>,
    mend: Vec<&'a str>,
    said: &'a [(Level, &'a str, &'a [&'a str])],
}

fn drift<'a>(plant: &[&'a str], mend: &[&'a str], said: &'a [(Level, &'a str, &'a [&'a str])]) -> Drift<'a> {
    Drift { plant: plant.to_vec(), mend: mend.to_vec(), said }
}

#[test]
fn each_drift_is_found_and_a_correct_database_has_no_findings() {
    use Level::{Error, Note, Warning};
    let mut fixture = Fixture::new("doctor_drifts", PERIODS);
    fixture.run(&[
        &format!("INSERT INTO {UTI} VALUES (1, 1, {NOW})"),
        &format!("INSERT INTO settlement_ods.mart_ecs_order_info VALUES (1, 1, {NOW})"),
        &format!("INSERT INTO {UTS} VALUES (1, 1, {NOW}, 1)"),
        &format!("UPDATE {UTS} SET pathTime = (SELECT MAX(update_time) FROM {UTI})"),
        "INSERT INTO mysql_source.ecs_order_info SELECT * FROM settlement_ods.mart_ecs_order_info",
        &format!("INSERT INTO mysql_source.uni_tracking_spath SELECT * FROM {UTS}"),
    ]);
    let silent = |fixture: &Fixture, after: &str| assert_eq!(fixture.found(), [], "after {after}");
    silent(&fixture, "installation");

    let history = "settlement_ods.hist_uni_tracking_info_open";
    let due = format!("INSERT INTO {UTI} VALUES (7, 1, {DUE})");
    let hold = format!(
        "INSERT INTO {EXCEPTIONS} VALUES (7, 'ARCHIVE_ROUTING_GAP_HOLD', CURRENT_TIMESTAMP - INTERVAL '9 days')"
    );
    let forget = format!("DELETE FROM {EXCEPTIONS} WHERE order_id >= 7");
    let open = |age: &str, notes: &str| {
        format!(
            "INSERT INTO {EXCEPTIONS} VALUES (7, 'ARCHIVE_ROUTING_GAP', CURRENT_TIMESTAMP AT TIME ZONE 'UTC' - INTERVAL '{age}', NULL, '{notes}')"
        )
    };
    let (young, old) = (open("5 hours", "no period covers its time"), open("3 days", "no period covers its time"));
    let waiting = open("3 days", "the period of its time is sealed");
    let waiting_tonight = open("5 hours", "the period of its time is sealed");
    let unknown = format!("INSERT INTO {EXCEPTIONS} VALUES (7, 'RENAMED_GAP', CURRENT_TIMESTAMP)");
    let early = format!("INSERT INTO {UTI} VALUES (7, 1, 1514764800)");
    let early_gone = format!("DELETE FROM {UTI} WHERE order_id = 7");
    let stamp = "settlement_ods.mart_uni_tracking_info__cycles";
    let long_ago = format!("INSERT INTO {stamp} VALUES (CURRENT_TIMESTAMP AT TIME ZONE 'UTC' - INTERVAL '7 hours')");
    let just_now = format!("INSERT INTO {stamp} VALUES (CURRENT_TIMESTAMP AT TIME ZONE 'UTC')");
    let stamp_gone = format!("DELETE FROM {stamp}");
    let twice = format!("INSERT INTO {history} SELECT * FROM {UTI}");
    let routed = format!("INSERT INTO {history} VALUES (8, 1, 1546300800)");
    let empty = format!("DELETE FROM {history}");
    // 120,000 rows of other keys in the second half of 2021.
    let fill = format!(
        "INSERT INTO {history} SELECT i, 1, {DUE} + i FROM generate_series(1000000, 1119999) AS t(i); ANALYZE {history}"
    );
    let index = fixture.view("hist_uni_tracking_info_open__key");
    let views = |table: &str| {
        [format!("all_{table}"), format!("all_{table}__copies")].map(|name| fixture.view(&name)).join(";\n")
    };
    let (view, view_of_events) = (views("hist_uni_tracking_info"), views("hist_uni_tracking_spath"));
    let narrow = format!("CREATE OR REPLACE VIEW settlement_ods.all_hist_uni_tracking_info AS SELECT * FROM {UTI}");

    let drifts = [
        (
            "a history table is gone",
            drift(
                &[
                    "DROP VIEW settlement_ods.all_hist_uni_tracking_spath, settlement_ods.all_hist_uni_tracking_spath__copies",
                    "ALTER TABLE settlement_ods.hist_uni_tracking_spath_old RENAME TO elsewhere",
                ],
                &["ALTER TABLE settlement_ods.elsewhere RENAME TO hist_uni_tracking_spath_old", &view_of_events],
                &[
                    (Error, "RK901", &["settlement_ods.hist_uni_tracking_spath_old is missing"]),
                    (
                        Error,
                        "RK901",
                        &[
                            "settlement_ods.all_hist_uni_tracking_spath, settlement_ods.all_hist_uni_tracking_spath__copies are missing",
                        ],
                    ),
                ],
            ),
        ),
        (
            "a work table is gone",
            drift(
                &["ALTER TABLE settlement_ods.mart_ecs_order_info__due RENAME TO elsewhere"],
                &["ALTER TABLE settlement_ods.elsewhere RENAME TO mart_ecs_order_info__due"],
                &[(Error, "RK901", &["mart_ecs_order_info__due is missing"])],
            ),
        ),
        (
            "the exceptions table is renamed",
            drift(
                &["ALTER TABLE settlement_ods.order_tracking_exceptions RENAME TO gaps"],
                &["ALTER TABLE settlement_ods.gaps RENAME TO order_tracking_exceptions"],
                &[
                    (Error, "RK901", &["order_tracking_exceptions is missing"]),
                    (Warning, "RK902", &["settlement_ods.gaps looks like an exceptions table"]),
                ],
            ),
        ),
        (
            "a history table without a period",
            drift(
                &[
                    "CREATE TABLE settlement_ods.hist_uni_tracking_info_2018 (order_id BIGINT, state INTEGER, update_time BIGINT)",
                ],
                &["DROP TABLE settlement_ods.hist_uni_tracking_info_2018"],
                &[(
                    Warning,
                    "RK902",
                    &["hist_uni_tracking_info_2018 looks like a history table of mart_uni_tracking_info"],
                )],
            ),
        ),
        (
            "a work table without a model",
            drift(
                &["CREATE TABLE settlement_ods.mart_returns__cutoff (cutoff BIGINT)"],
                &["DROP TABLE settlement_ods.mart_returns__cutoff"],
                &[(Warning, "RK902", &["mart_returns__cutoff looks like a work table"])],
            ),
        ),
        (
            "a mart without a column",
            drift(
                &[
                    "DROP VIEW settlement_ods.all_hist_uni_tracking_info, settlement_ods.all_hist_uni_tracking_info__copies",
                    "ALTER TABLE settlement_ods.mart_uni_tracking_info RENAME state TO status",
                ],
                &["ALTER TABLE settlement_ods.mart_uni_tracking_info RENAME status TO state", &view],
                &[
                    (Error, "RK903", &["mart_uni_tracking_info lacks state"]),
                    (Error, "RK905", &["mart_uni_tracking_info has status, which the project lacks"]),
                    (
                        Error,
                        "RK901",
                        &["all_hist_uni_tracking_info, settlement_ods.all_hist_uni_tracking_info__copies are missing"],
                    ),
                ],
            ),
        ),
        (
            "a column of another type",
            drift(
                &[
                    "DROP VIEW settlement_ods.all_hist_uni_tracking_info, settlement_ods.all_hist_uni_tracking_info__copies",
                    "ALTER TABLE settlement_ods.hist_uni_tracking_info_open ALTER state TYPE SMALLINT",
                ],
                &["ALTER TABLE settlement_ods.hist_uni_tracking_info_open ALTER state TYPE INTEGER", &view],
                &[
                    (
                        Error,
                        "RK901",
                        &["all_hist_uni_tracking_info, settlement_ods.all_hist_uni_tracking_info__copies are missing"],
                    ),
                    (Error, "RK904", &["hist_uni_tracking_info_open.state is smallint, but the project has integer"]),
                ],
            ),
        ),
        (
            "a mart with an additional column",
            drift(
                &["ALTER TABLE settlement_ods.mart_uni_tracking_spath ADD station INTEGER"],
                &["ALTER TABLE settlement_ods.mart_uni_tracking_spath DROP station"],
                &[(Error, "RK905", &["mart_uni_tracking_spath has station", "trim deletes it with the row"])],
            ),
        ),
        (
            "raw without the column that breaks ties",
            drift(
                &["ALTER TABLE settlement_public.uni_tracking_info_raw RENAME row_id TO id"],
                &["ALTER TABLE settlement_public.uni_tracking_info_raw RENAME id TO row_id"],
                &[(Error, "RK906", &["uni_tracking_info_raw lacks row_id", "breaks ties"])],
            ),
        ),
        (
            "raw without the column that its trim reads",
            drift(
                &["ALTER TABLE settlement_public.ecs_order_info_raw RENAME loaded_at TO landed_at"],
                &["ALTER TABLE settlement_public.ecs_order_info_raw RENAME landed_at TO loaded_at"],
                &[(Error, "RK906", &["ecs_order_info_raw lacks loaded_at", "the raw trim uses it"])],
            ),
        ),
        (
            "raw is gone",
            drift(
                &["ALTER TABLE settlement_public.ecs_order_info_raw RENAME TO elsewhere"],
                &["ALTER TABLE settlement_public.elsewhere RENAME TO ecs_order_info_raw"],
                &[(Error, "RK901", &["ecs_order_info_raw is missing, but mart_ecs_order_info reads it"])],
            ),
        ),
        (
            "a history table that refuses NULL",
            drift(
                &["ALTER TABLE settlement_ods.hist_uni_tracking_info_open ALTER state SET NOT NULL"],
                &["ALTER TABLE settlement_ods.hist_uni_tracking_info_open ALTER state DROP NOT NULL"],
                &[(Error, "RK907", &["hist_uni_tracking_info_open.state rejects NULL"])],
            ),
        ),
        (
            "a history table that refuses a row without its time",
            drift(
                &["ALTER TABLE settlement_ods.hist_uni_tracking_info_open ALTER update_time SET NOT NULL"],
                &["ALTER TABLE settlement_ods.hist_uni_tracking_info_open ALTER update_time DROP NOT NULL"],
                &[],
            ),
        ),
        (
            "a history table with a check that the mart lacks",
            drift(
                &["ALTER TABLE settlement_ods.hist_uni_tracking_info_open ADD CONSTRAINT low CHECK (state < 9)"],
                &["ALTER TABLE settlement_ods.hist_uni_tracking_info_open DROP CONSTRAINT low"],
                &[(Error, "RK929", &["`low` of settlement_ods.hist_uni_tracking_info_open is `CHECK ((state < 9))`"])],
            ),
        ),
        (
            "a check that the mart has too",
            drift(
                &[
                    "ALTER TABLE settlement_ods.hist_uni_tracking_info_open ADD CONSTRAINT low CHECK (state < 9)",
                    "ALTER TABLE settlement_ods.mart_uni_tracking_info ADD CONSTRAINT low CHECK (state < 9)",
                ],
                &[
                    "ALTER TABLE settlement_ods.hist_uni_tracking_info_open DROP CONSTRAINT low",
                    "ALTER TABLE settlement_ods.mart_uni_tracking_info DROP CONSTRAINT low",
                ],
                &[],
            ),
        ),
        (
            "a history table that refers to another table",
            drift(
                &[
                    "CREATE TABLE settlement_ods.states (state INTEGER PRIMARY KEY)",
                    "ALTER TABLE settlement_ods.hist_uni_tracking_info_open ADD CONSTRAINT of_state FOREIGN KEY (state) REFERENCES settlement_ods.states",
                ],
                &[
                    "ALTER TABLE settlement_ods.hist_uni_tracking_info_open DROP CONSTRAINT of_state",
                    "DROP TABLE settlement_ods.states",
                ],
                &[(
                    Error,
                    "RK929",
                    &[
                        "the foreign key `of_state` of settlement_ods.hist_uni_tracking_info_open refers to settlement_ods.states",
                    ],
                )],
            ),
        ),
        (
            "a history table with a unique key of another column",
            drift(
                &["CREATE UNIQUE INDEX one_state ON settlement_ods.hist_uni_tracking_info_open (state)"],
                &["DROP INDEX settlement_ods.one_state"],
                &[(
                    Error,
                    "RK929",
                    &["a unique key of settlement_ods.hist_uni_tracking_info_open on (state) refuses rows"],
                )],
            ),
        ),
        (
            "raw with a time of another type",
            drift(
                &["ALTER TABLE settlement_public.ecs_order_info_raw ALTER loaded_at TYPE TIMESTAMPTZ"],
                &["ALTER TABLE settlement_public.ecs_order_info_raw ALTER loaded_at TYPE TIMESTAMP"],
                &[(
                    Error,
                    "RK906",
                    &["loaded_at of settlement_public.ecs_order_info_raw is timestamp with time zone", "the raw trim"],
                )],
            ),
        ),
        (
            "a history table that is a child of its mart",
            drift(
                &[
                    "ALTER TABLE settlement_ods.hist_uni_tracking_info_open INHERIT settlement_ods.mart_uni_tracking_info",
                ],
                &[
                    "ALTER TABLE settlement_ods.hist_uni_tracking_info_open NO INHERIT settlement_ods.mart_uni_tracking_info",
                ],
                &[(Error, "RK931", &["is a partition or a child of settlement_ods.mart_uni_tracking_info"])],
            ),
        ),
        (
            "an unlogged history table",
            drift(
                &["ALTER TABLE settlement_ods.hist_uni_tracking_info_open SET UNLOGGED"],
                &["ALTER TABLE settlement_ods.hist_uni_tracking_info_open SET LOGGED"],
                &[(Error, "RK930", &["settlement_ods.hist_uni_tracking_info_open is unlogged"])],
            ),
        ),
        (
            "an unlogged exceptions table",
            drift(
                &["ALTER TABLE settlement_ods.order_tracking_exceptions SET UNLOGGED"],
                &["ALTER TABLE settlement_ods.order_tracking_exceptions SET LOGGED"],
                &[(Error, "RK930", &["settlement_ods.order_tracking_exceptions is unlogged"])],
            ),
        ),
        (
            "a foreign key to a raw table",
            drift(
                &[
                    "ALTER TABLE settlement_public.ecs_order_info_raw ADD CONSTRAINT raw_key UNIQUE (order_id)",
                    "CREATE TABLE settlement_public.raw_lines (order_id BIGINT CONSTRAINT raw_lines_order REFERENCES settlement_public.ecs_order_info_raw (order_id) ON DELETE CASCADE)",
                ],
                &[
                    "DROP TABLE settlement_public.raw_lines",
                    "ALTER TABLE settlement_public.ecs_order_info_raw DROP CONSTRAINT raw_key",
                ],
                &[(
                    Error,
                    "RK921",
                    &[
                        "the raw trim of settlement_public.ecs_order_info_raw deletes the rows of settlement_public.raw_lines",
                        "loaded or not",
                    ],
                )],
            ),
        ),
        (
            "a mart that allows NULL",
            drift(
                &["ALTER TABLE settlement_ods.mart_uni_tracking_info ALTER order_id DROP NOT NULL"],
                &["ALTER TABLE settlement_ods.mart_uni_tracking_info ALTER order_id SET NOT NULL"],
                &[(Warning, "RK907", &["mart_uni_tracking_info.order_id accepts NULL"])],
            ),
        ),
        (
            "transactions are serializable",
            drift(
                &["ALTER DATABASE doctor_drifts SET default_transaction_isolation = 'serializable'"],
                &["ALTER DATABASE doctor_drifts RESET default_transaction_isolation"],
                &[(Error, "RK909", &["mart_ecs_order_info and mart_uni_tracking_spath run at the same time"])],
            ),
        ),
        (
            "an exception since this morning",
            drift(
                &[&young],
                &[&forget],
                &[(Warning, "RK910", &["1 exception of type ARCHIVE_ROUTING_GAP is open", "for 5 hours"])],
            ),
        ),
        (
            "an exception that outlived a sweep",
            drift(
                &[&old, &young],
                &[&forget],
                &[(Error, "RK910", &["2 exceptions of type ARCHIVE_ROUTING_GAP are open", "the oldest for 3 days"])],
            ),
        ),
        ("an operator's hold", drift(&[&hold], &[&forget], &[(Note, "RK910", &["ARCHIVE_ROUTING_GAP_HOLD"])])),
        (
            "an exception of an unknown type",
            drift(
                &[&unknown],
                &[&forget],
                &[(Warning, "RK910", &["RENAMED_GAP", "no table of the project has this type"])],
            ),
        ),
        ("a row that waits for the sweep", drift(&[&waiting_tonight], &[&forget], &[])),
        (
            "no sweep",
            drift(&[&waiting], &[&forget], &[(Error, "RK911", &["no sweep was completed for 3 days", "1 exception"])]),
        ),
        (
            "no cycle",
            drift(
                &[&long_ago],
                &[&stamp_gone],
                &[(Warning, "RK912", &["the last cycle of mart_uni_tracking_info was completed 7 hours ago"])],
            ),
        ),
        ("a cycle just now", drift(&[&long_ago, &just_now], &[&stamp_gone], &[])),
        (
            "a key twice",
            drift(
                &[&twice],
                &[&empty],
                &[(Warning, "RK913", &["mart_uni_tracking_info__twice finds 1 row", "keys: 1"])],
            ),
        ),
        (
            "a row outside of its period",
            drift(
                &[&routed],
                &[&empty],
                &[(Error, "RK913", &["mart_uni_tracking_info__routed finds 1 row", "keys: 8"])],
            ),
        ),
        (
            "a due row that stays in the mart",
            drift(
                &[&due],
                &[&early_gone],
                &[(Error, "RK913", &["mart_uni_tracking_info__bounded finds 1 row", "keys: 7"])],
            ),
        ),
        (
            "a row before the first period",
            drift(
                &[&early],
                &[&early_gone],
                &[(
                    Warning,
                    "RK915",
                    &["1 row of mart_uni_tracking_info is older than the first period, the oldest from 2018-01-01"],
                )],
            ),
        ),
        (
            "a view of the mart alone",
            drift(
                &[&narrow],
                &[&view],
                &[(
                    Error,
                    "RK916",
                    &[
                        "all_hist_uni_tracking_info does not read settlement_ods.hist_uni_tracking_info_old, settlement_ods.hist_uni_tracking_info_open",
                    ],
                )],
            ),
        ),
        (
            "a large history table has no index",
            drift(
                &[&fill, "DROP INDEX settlement_ods.hist_uni_tracking_info_open__key"],
                &[&index],
                &[(
                    Warning,
                    "RK919",
                    &[
                        "settlement_ods.hist_uni_tracking_info_open lacks an index that cycles of mart_uni_tracking_info need",
                    ],
                )],
            ),
        ),
        (
            "the planner may not use an index",
            drift(
                &[
                    "ALTER DATABASE doctor_drifts SET enable_indexscan = off",
                    "ALTER DATABASE doctor_drifts SET enable_indexonlyscan = off",
                    "ALTER DATABASE doctor_drifts SET enable_bitmapscan = off",
                ],
                &["ALTER DATABASE doctor_drifts RESET ALL"],
                &[(
                    Warning,
                    "RK920",
                    &[
                        "the plan of `mart_uni_tracking_info/03_stale_fill` reads all rows of settlement_ods.hist_uni_tracking_info_open",
                    ],
                )],
            ),
        ),
        (
            "a foreign key that deletes with its parent",
            drift(
                &[
                    "CREATE TABLE settlement_ods.lines (order_id BIGINT, update_time BIGINT)",
                    "ALTER TABLE settlement_ods.lines ADD CONSTRAINT lines_order FOREIGN KEY (order_id, update_time) REFERENCES settlement_ods.mart_uni_tracking_info (order_id, update_time) ON DELETE CASCADE",
                ],
                &["DROP TABLE settlement_ods.lines"],
                &[(
                    Error,
                    "RK921",
                    &[
                        "the foreign key `lines_order` of settlement_ods.lines refers to settlement_ods.mart_uni_tracking_info",
                        "deletes the rows of settlement_ods.lines that refer to a row, archived or not",
                    ],
                )],
            ),
        ),
        (
            "a foreign key that stops the trim",
            drift(
                &[
                    "CREATE TABLE settlement_ods.lines (order_id BIGINT, update_time BIGINT)",
                    "ALTER TABLE settlement_ods.lines ADD CONSTRAINT lines_order FOREIGN KEY (order_id, update_time) REFERENCES settlement_ods.mart_uni_tracking_info (order_id, update_time)",
                ],
                &["DROP TABLE settlement_ods.lines"],
                &[(Error, "RK921", &["the trim of settlement_ods.mart_uni_tracking_info stops at each row"])],
            ),
        ),
        (
            "a primary key on the key alone",
            drift(
                &["ALTER TABLE settlement_ods.mart_uni_tracking_info ADD CONSTRAINT own PRIMARY KEY (order_id)"],
                &["ALTER TABLE settlement_ods.mart_uni_tracking_info DROP CONSTRAINT own"],
                &[(
                    Error,
                    "RK922",
                    &["a unique key of settlement_ods.mart_uni_tracking_info on (order_id) refuses a newer version"],
                )],
            ),
        ),
        (
            "a partial unique index on the key alone",
            drift(
                &["CREATE UNIQUE INDEX own ON settlement_ods.mart_uni_tracking_info (order_id) WHERE state <> 9"],
                &["DROP INDEX settlement_ods.own"],
                &[(
                    Error,
                    "RK922",
                    &["a partial unique key of settlement_ods.mart_uni_tracking_info on (order_id) refuses a newer"],
                )],
            ),
        ),
        (
            "a unique key on other columns",
            drift(
                &["CREATE UNIQUE INDEX own ON settlement_ods.mart_uni_tracking_info (order_id, state)"],
                &["DROP INDEX settlement_ods.own"],
                &[(
                    Warning,
                    "RK922",
                    &["on (order_id, state) refuses a newer version of a row that has the same values"],
                )],
            ),
        ),
        (
            "an identity in a history table",
            drift(
                &[
                    "ALTER TABLE settlement_ods.hist_uni_tracking_info_old ALTER state SET NOT NULL, ALTER state ADD GENERATED ALWAYS AS IDENTITY",
                ],
                &[
                    "ALTER TABLE settlement_ods.hist_uni_tracking_info_old ALTER state DROP IDENTITY, ALTER state DROP NOT NULL",
                ],
                &[
                    (Error, "RK923", &["column `state` of settlement_ods.hist_uni_tracking_info_old is an identity"]),
                    (Error, "RK907", &["state"]),
                ],
            ),
        ),
        (
            "a trigger and a rule",
            drift(
                &[
                    "CREATE FUNCTION settlement_ods.audit() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
                    "CREATE TRIGGER audit AFTER DELETE ON settlement_ods.mart_uni_tracking_info FOR EACH ROW EXECUTE FUNCTION settlement_ods.audit()",
                    "CREATE RULE keep AS ON DELETE TO settlement_ods.mart_ecs_order_info DO INSTEAD NOTHING",
                ],
                &[
                    "DROP RULE keep ON settlement_ods.mart_ecs_order_info",
                    "DROP TRIGGER audit ON settlement_ods.mart_uni_tracking_info",
                    "DROP FUNCTION settlement_ods.audit()",
                ],
                &[
                    (Warning, "RK924", &["the trigger `audit` of settlement_ods.mart_uni_tracking_info", "on DELETE"]),
                    (Error, "RK924", &["the rule `keep` of settlement_ods.mart_ecs_order_info rewrites statements"]),
                ],
            ),
        ),
        (
            "a history table that its readers may not read",
            drift(
                &[
                    "DROP ROLE IF EXISTS doctor_analyst",
                    "CREATE ROLE doctor_analyst",
                    "GRANT SELECT ON settlement_ods.hist_uni_tracking_info_old TO doctor_analyst",
                ],
                &["DROP OWNED BY doctor_analyst", "DROP ROLE doctor_analyst"],
                &[(Warning, "RK927", &["doctor_analyst may not read settlement_ods.hist_uni_tracking_info_open"])],
            ),
        ),
        (
            "a publication without a replica identity",
            drift(
                &["CREATE PUBLICATION moved FOR TABLE settlement_ods.mart_uni_tracking_info"],
                &["DROP PUBLICATION moved"],
                &[(Error, "RK926", &["settlement_ods.mart_uni_tracking_info is in the publication `moved`"])],
            ),
        ),
        (
            "the large history table is empty again",
            drift(&[&empty, "VACUUM ANALYZE settlement_ods.hist_uni_tracking_info_open"], &[], &[]),
        ),
    ];
    for (what, drift) in drifts {
        fixture.run(&drift.plant);
        let found = fixture.found();
        assert_eq!(found.len(), drift.said.len(), "{what}: {found:#?}");
        for (level, code, parts) in drift.said {
            let fits = |(found_level, found_code, message): &&(Level, String, String)| {
                found_level == level && found_code == code && parts.iter().all(|part| message.contains(part))
            };
            assert!(found.iter().any(|found| fits(&found)), "{what}: no {code} with {parts:?} in {found:#?}");
        }
        fixture.run(&drift.mend);
        silent(&fixture, what);
    }
    assert_eq!(
        fixture.checkup().asked,
        fixture.artifacts.manifest().monitors.len() - 3,
        "all monitors but those of two systems"
    );
}

#[test]
fn the_horizon_follows_the_rows() {
    let mut fixture = Fixture::new("doctor_horizon", "2019, 2020");
    let said = |fixture: &Fixture| {
        let found = fixture.found().into_iter().filter(|(_, code, _)| code == "RK914");
        found.map(|(level, _, message)| (level, message)).collect::<Vec<_>>()
    };
    assert_eq!(said(&fixture), []);
    // 2021-06-01 less 180 days is 2020-12-03.
    fixture.run(&[&format!("INSERT INTO {UTI} VALUES (1, 1, 1622505600)")]);
    let near = "the cutoff of mart_uni_tracking_info is 2020-12-03, and the last period ends at 2021-01-01: in 29 days, due rows fall into no period";
    assert_eq!(said(&fixture), [(Level::Warning, near.to_owned())]);
    fixture.run(&[&format!("INSERT INTO {UTI} VALUES (2, 1, 1625097600)")]);
    let passed = "the cutoff of mart_uni_tracking_info is 2021-01-02, and the last period ends at 2021-01-01: due rows after it stay in the mart, and are reported";
    assert_eq!(said(&fixture), [(Level::Error, passed.to_owned())]);
}

/// If the database refuses a query, the doctor must not be silent or print `nothing is wrong`.
#[test]
fn a_query_that_the_database_refuses_is_an_error() {
    let mut fixture = Fixture::new("doctor_refused", PERIODS);
    fixture.run(&[
        "DROP VIEW settlement_ods.all_hist_uni_tracking_info, settlement_ods.all_hist_uni_tracking_info__copies",
        &format!("ALTER TABLE {UTI} ALTER update_time TYPE TEXT"),
    ]);
    let found = fixture.found();
    let refused = found.iter().filter(|(level, code, message)| {
        let words = "the database refused the query of monitor mart_uni_tracking_info__lower_edge: database: operator does not exist";
        (*level, code.as_str()) == (Level::Error, "RK908") && message.starts_with(words)
    });
    assert_eq!(refused.count(), 1, "{found:#?}");
}

/// The doctor needs only SELECT: a read-only role gets the same findings as the owner.
#[test]
fn a_read_only_role_is_enough() {
    let mut fixture = Fixture::new("doctor_reader", PERIODS);
    fixture.run(&[
        "DROP ROLE IF EXISTS doctor_reader",
        "CREATE ROLE doctor_reader LOGIN",
        "GRANT USAGE ON SCHEMA settlement_ods, settlement_public, mysql_source TO doctor_reader",
        "GRANT SELECT ON ALL TABLES IN SCHEMA settlement_ods, settlement_public, mysql_source TO doctor_reader",
        &format!("INSERT INTO {UTI} VALUES (1, 1, {DUE})"),
        &format!("INSERT INTO {EXCEPTIONS} VALUES (1, 'ARCHIVE_ROUTING_GAP', CURRENT_TIMESTAMP)"),
    ]);
    let owner = fixture.found();
    assert!(!owner.is_empty());
    let counters = "SELECT CAST(SUM(n_tup_ins + n_tup_upd + n_tup_del) AS TEXT) FROM pg_stat_user_tables";
    fixture.run(&["SELECT pg_stat_force_next_flush()"]);
    let before = fixture.engine.texts(counters);
    fixture.url = fixture.url.replace("user=rowkeep", "user=doctor_reader");
    assert_eq!(fixture.found(), owner);
    assert_eq!(fixture.engine.texts(counters), before);
    // Row security does not hold for a superuser.
    fixture.run(&[&format!("ALTER TABLE {UTI} ENABLE ROW LEVEL SECURITY")]);
    let hidden = fixture.found();
    assert!(hidden.iter().any(|(level, code, _)| *level == Level::Error && code == "RK925"), "{hidden:?}");
    fixture.run(&[&format!("ALTER TABLE {UTI} DISABLE ROW LEVEL SECURITY")]);
    fixture.run(&[&format!("ALTER TABLE {EXCEPTIONS} ENABLE ROW LEVEL SECURITY")]);
    let hidden = fixture.found();
    let is_told = |text: &str| text.contains("a hold that it does not see holds nothing");
    assert!(hidden.iter().any(|(_, code, text)| code == "RK925" && is_told(text)), "{hidden:?}");
    fixture.run(&[&format!("ALTER TABLE {EXCEPTIONS} DISABLE ROW LEVEL SECURITY")]);
    fixture.run(&[
        "REVOKE SELECT ON settlement_ods.hist_uni_tracking_spath_open FROM doctor_reader",
        "REVOKE USAGE ON SCHEMA mysql_source FROM doctor_reader",
    ]);
    let checkup = fixture.checkup();
    let unreadable = checkup.findings.iter().filter(|found| found.code().to_string() == "RK908");
    let unreadable: Vec<_> = unreadable.map(|found| found.message().to_owned()).collect();
    assert_eq!(unreadable.len(), 3, "{unreadable:?}");
    assert!(unreadable[0].contains("may not read"), "{unreadable:?}");
    let not_asked: Vec<_> = checkup.not_asked.iter().map(|(name, why)| format!("{name}: {why}")).collect();
    assert!(
        not_asked.contains(&"mart_uni_tracking_spath__routed: because settlement_ods.hist_uni_tracking_spath_open is missing or may not be read".to_owned()),
        "{not_asked:?}"
    );
    fixture.url = fixture.url.replace("user=doctor_reader", "user=rowkeep");
    fixture.run(&["DROP OWNED BY doctor_reader", "DROP ROLE doctor_reader"]);
}

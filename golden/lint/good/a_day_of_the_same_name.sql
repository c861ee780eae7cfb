-- another table's column of the same name is a timestamptz
CREATE TABLE app.logins (login_id bigint, at timestamptz);
CREATE TABLE app.visits (visit_id bigint, at date);
DELETE FROM app.visits WHERE at < '2025-01-01';

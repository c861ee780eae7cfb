-- dialect: postgres
CREATE TABLE events (event_id BIGINT PRIMARY KEY, created_at timestamptz NOT NULL);
SET TIME ZONE 'UTC';
DELETE FROM events WHERE created_at::date < DATE '2025-01-01';

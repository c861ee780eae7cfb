CREATE TABLE events (event_id BIGINT PRIMARY KEY, created_at timestamptz NOT NULL);
DELETE FROM events WHERE extract(year from created_at) < 2025;

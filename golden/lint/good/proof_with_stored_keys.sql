CREATE TEMP TABLE due_trips (trip_id BIGINT NOT NULL);
INSERT INTO due_trips (trip_id) SELECT t.trip_id FROM live.trips AS t WHERE t.ended_at < DATE '2025-01-01';
BEGIN;
INSERT INTO cold.trips (trip_id, ended_at) SELECT t.trip_id, t.ended_at FROM live.trips AS t JOIN due_trips AS d ON d.trip_id = t.trip_id;
DELETE FROM live.trips USING due_trips AS d WHERE live.trips.trip_id = d.trip_id;
COMMIT;

BEGIN;
INSERT INTO cold.trips (trip_id, ended_at) SELECT t.trip_id, t.ended_at FROM live.trips AS t WHERE t.ended_at < DATE '2025-01-01';
DELETE FROM live.trips WHERE ended_at < DATE '2025-01-01';
COMMIT;

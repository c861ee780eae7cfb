BEGIN;
INSERT INTO cold.trips (trip_id, ended_at) SELECT t.trip_id, t.ended_at FROM live.trips AS t
WHERE t.ended_at < DATE '2025-01-01' AND NOT EXISTS (SELECT 1 FROM cold.trips AS c WHERE c.trip_id = t.trip_id AND c.ended_at >= t.ended_at);
DELETE FROM live.trips AS t USING cold.trips AS c WHERE c.trip_id = t.trip_id AND c.ended_at = t.ended_at;
COMMIT;

INSERT INTO cold.trips_2025_h1 (trip_id, ended_at) SELECT t.trip_id, t.ended_at FROM live.trips AS t
WHERE t.ended_at >= '2025-01-01' AND t.ended_at < '2025-07-01' AND NOT EXISTS (SELECT 1 FROM cold.trips_2025_h1 AS c WHERE c.trip_id = t.trip_id AND c.ended_at >= t.ended_at);
INSERT INTO cold.trips_2025_h2 (trip_id, ended_at) SELECT t.trip_id, t.ended_at FROM live.trips AS t
WHERE t.ended_at >= '2025-07-01' AND t.ended_at < '2026-01-01' AND NOT EXISTS (SELECT 1 FROM cold.trips_2025_h2 AS c WHERE c.trip_id = t.trip_id AND c.ended_at >= t.ended_at);
DELETE FROM live.trips
WHERE ended_at < '2026-01-01'
  AND EXISTS (SELECT 1 FROM cold.trips_2025_h1 AS c WHERE c.trip_id = trips.trip_id AND c.ended_at = trips.ended_at);

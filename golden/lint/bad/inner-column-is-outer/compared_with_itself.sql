DELETE FROM live.trips
WHERE ended_at < DATE '2025-01-01' AND EXISTS (SELECT 1 FROM cold.trips AS c WHERE trip_id = trip_id);

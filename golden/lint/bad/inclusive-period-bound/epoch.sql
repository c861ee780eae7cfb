DELETE FROM live.trips
WHERE ended_at BETWEEN 1751328000 AND 1767225600
  AND EXISTS (SELECT 1 FROM cold.trips_2025_h2 AS c WHERE c.trip_id = trips.trip_id AND c.ended_at = trips.ended_at);

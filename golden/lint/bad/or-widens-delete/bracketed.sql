DELETE FROM live.trips
WHERE (state = 'ended' AND EXISTS (SELECT 1 FROM cold.trips AS c WHERE c.trip_id = trips.trip_id AND c.ended_at = trips.ended_at))
   OR (ended_at < DATE '2020-01-01');

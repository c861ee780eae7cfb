INSERT INTO cold.trips SELECT t.trip_id, t.ended_at FROM live.trips AS t WHERE t.ended_at < DATE '2025-01-01';

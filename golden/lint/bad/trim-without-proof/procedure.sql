CREATE OR REPLACE PROCEDURE move_trips() LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO cold.trips (trip_id, ended_at)
  SELECT t.trip_id, t.ended_at FROM live.trips AS t
  WHERE t.ended_at < DATE '2025-01-01' AND NOT EXISTS (SELECT 1 FROM cold.trips AS c WHERE c.trip_id = t.trip_id);
  DELETE FROM live.trips WHERE ended_at < DATE '2025-01-01';
END $$;

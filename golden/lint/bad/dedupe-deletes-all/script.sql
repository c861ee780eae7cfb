DELETE FROM live.trips WHERE trip_id IN (SELECT trip_id FROM live.trips GROUP BY trip_id HAVING COUNT(*) > 1);

-- The rank tells two rows apart, and the key does not.
DELETE FROM live.stops
WHERE stop_id IN (
  SELECT r.stop_id FROM (SELECT stop_id, ROW_NUMBER() OVER (PARTITION BY stop_id ORDER BY seen_at DESC) AS n FROM live.stops) AS r
  WHERE r.n > 1
);

-- Each of two rows finds the other one.
DELETE FROM live.fares WHERE EXISTS (SELECT 1 FROM live.fares AS b WHERE b.trip_id = fares.trip_id AND b.row_id <> fares.row_id);

DELETE FROM live.zones USING live.zones AS other WHERE zones.code = other.code AND zones.row_id <> other.row_id;

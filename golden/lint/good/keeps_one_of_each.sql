DELETE FROM live.trips WHERE trip_row NOT IN (SELECT MIN(trip_row) FROM live.trips GROUP BY trip_id);

-- The row id tells two rows apart.
DELETE FROM live.stops
WHERE row_id IN (
  SELECT r.row_id FROM (SELECT row_id, ROW_NUMBER() OVER (PARTITION BY stop_id ORDER BY seen_at DESC) AS n FROM live.stops) AS r
  WHERE r.n > 1
);

-- Only the older one of two rows finds another one.
DELETE FROM live.fares WHERE EXISTS (SELECT 1 FROM live.fares AS b WHERE b.trip_id = fares.trip_id AND b.row_id > fares.row_id);

DELETE FROM live.zones USING live.zones AS other WHERE zones.code = other.code AND zones.row_id < other.row_id;

DELETE FROM live.trips WHERE trip_row NOT IN (SELECT MIN(trip_row) FROM live.trips GROUP BY trip_id);

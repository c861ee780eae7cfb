DELETE FROM live.trips WHERE trip_id IN (SELECT trip_id FROM live.trips GROUP BY trip_id HAVING COUNT(*) > 1);

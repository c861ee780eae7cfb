INSERT INTO cold.trips_archive (trip_id, ended_at) SELECT t.trip_id, t.ended_at FROM live.trips_old AS t;
DROP TABLE live.trips_old;

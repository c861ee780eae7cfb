CREATE TABLE backup.trips_20250101 AS SELECT * FROM live.trips;

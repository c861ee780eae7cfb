MERGE INTO cold.trips_history AS c
USING live.trips AS t ON c.trip_id = t.trip_id
WHEN MATCHED THEN UPDATE SET state = t.state
WHEN NOT MATCHED THEN INSERT (trip_id, state) VALUES (t.trip_id, t.state);

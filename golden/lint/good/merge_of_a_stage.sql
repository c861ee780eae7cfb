MERGE INTO mart.trips AS m
USING (SELECT * FROM stage.trips QUALIFY ROW_NUMBER() OVER (PARTITION BY trip_id ORDER BY changed_at DESC, row_id DESC) = 1) AS s
ON m.trip_id = s.trip_id
WHEN MATCHED AND s.changed_at > m.changed_at THEN UPDATE SET state = s.state, changed_at = s.changed_at
WHEN NOT MATCHED THEN INSERT (trip_id, state, changed_at) VALUES (s.trip_id, s.state, s.changed_at);

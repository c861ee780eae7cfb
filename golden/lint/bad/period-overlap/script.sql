INSERT INTO cold.trips_2025_q1 (trip_id) SELECT t.trip_id FROM live.trips AS t WHERE t.ended_at >= '2025-01-01' AND t.ended_at < '2025-04-02';
INSERT INTO cold.trips_2025_q2 (trip_id) SELECT t.trip_id FROM live.trips AS t WHERE t.ended_at >= '2025-04-01' AND t.ended_at < '2025-07-01';

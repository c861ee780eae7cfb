INSERT INTO cold.trips_2025_q3 (trip_id, ended_at)
SELECT trip_id, ended_at FROM live.trips WHERE ended_at BETWEEN '2025-07-01 00:00:00' AND '2025-09-30 23:59:59';

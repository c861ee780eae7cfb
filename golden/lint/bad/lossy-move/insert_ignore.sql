INSERT IGNORE INTO cold_trips (trip_id, ended_at) SELECT trip_id, ended_at FROM trips WHERE ended_at < '2025-01-01';
DELETE FROM trips WHERE ended_at < '2025-01-01';

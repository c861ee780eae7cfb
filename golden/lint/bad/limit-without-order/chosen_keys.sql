START TRANSACTION;
INSERT INTO cold_trips (trip_id, ended_at)
SELECT trip_id, ended_at FROM trips WHERE trip_id IN (SELECT trip_id FROM trips WHERE ended_at < '2025-01-01' LIMIT 1000);
DELETE FROM trips WHERE ended_at < '2025-01-01' LIMIT 1000;
COMMIT;

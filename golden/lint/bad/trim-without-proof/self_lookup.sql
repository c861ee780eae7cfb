START TRANSACTION;
INSERT INTO cold.trips (trip_id, ended_at) SELECT trip_id, ended_at FROM live.trips WHERE state = 'ended';
DELETE FROM live.trips WHERE trip_id IN (SELECT trip_id FROM live.trips WHERE state = 'ended' AND trip_id IS NOT NULL);
COMMIT;

CREATE TABLE live.legs (trip_id BIGINT, leg_no INTEGER, ended_at DATE, PRIMARY KEY (trip_id, leg_no));
INSERT INTO cold.legs (trip_id, leg_no, ended_at)
SELECT l.trip_id, l.leg_no, l.ended_at FROM live.legs AS l
WHERE l.ended_at < DATE '2025-01-01' AND NOT EXISTS (SELECT 1 FROM cold.legs AS c WHERE c.trip_id = l.trip_id);

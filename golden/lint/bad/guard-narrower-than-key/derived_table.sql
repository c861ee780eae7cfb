INSERT INTO hist.r (sensor_id, ts, v)
SELECT r.sensor_id, r.ts, r.v FROM live.r r LEFT JOIN (SELECT DISTINCT sensor_id FROM hist.r) h ON h.sensor_id = r.sensor_id
WHERE r.ts < '2025-01-01' AND h.sensor_id IS NULL;
DELETE FROM live.r WHERE ts < '2025-01-01' AND EXISTS (SELECT 1 FROM hist.r h WHERE h.sensor_id = r.sensor_id AND h.ts = r.ts);

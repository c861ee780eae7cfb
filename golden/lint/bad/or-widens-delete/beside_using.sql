CREATE TEMP TABLE due AS SELECT id FROM live.events WHERE ts < '2025-01-01';
INSERT INTO archive.events (id, ts)
SELECT e.id, e.ts FROM live.events AS e JOIN due ON due.id = e.id
WHERE NOT EXISTS (SELECT 1 FROM archive.events AS a WHERE a.id = e.id AND a.ts = e.ts);
DELETE FROM live.events USING due WHERE events.id = due.id OR events.ts < '2025-01-01';

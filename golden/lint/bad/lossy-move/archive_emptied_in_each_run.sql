TRUNCATE TABLE archive.old_events;
INSERT INTO archive.old_events (id, ts, body)
SELECT e.id, e.ts, e.body FROM app.events AS e WHERE e.ts < '2025-01-01';
DELETE FROM app.events
WHERE ts < '2025-01-01'
  AND EXISTS (SELECT 1 FROM archive.old_events AS a WHERE a.id = events.id AND a.ts = events.ts);

CREATE OR REPLACE TABLE archive.old_events AS
SELECT e.id, e.ts, e.body FROM app.events AS e WHERE e.ts < '2025-01-01';
DELETE FROM app.events AS e
WHERE e.ts < '2025-01-01'
  AND EXISTS (SELECT 1 FROM archive.old_events AS a WHERE a.id = e.id AND a.ts = e.ts);

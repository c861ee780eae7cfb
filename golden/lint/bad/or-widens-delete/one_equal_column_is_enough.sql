INSERT INTO archive.events (id, ts)
SELECT e.id, e.ts FROM app.events AS e
WHERE e.ts < '2025-01-01'
  AND NOT EXISTS (SELECT 1 FROM archive.events AS a WHERE a.id = e.id AND a.ts = e.ts);
DELETE FROM app.events AS e
WHERE e.ts < '2025-01-01'
  AND EXISTS (SELECT 1 FROM archive.events AS a WHERE a.id = e.id OR a.ts = e.ts);

INSERT INTO archive.readings (id, read_at)
SELECT r.id, r.read_at FROM app.readings AS r
WHERE r.read_at < '2025-01-01'
  AND NOT EXISTS (SELECT 1 FROM archive.readings AS a WHERE a.id = r.id AND a.read_at = r.read_at);
DELETE FROM app.readings
WHERE read_at < '2025-01-01'
  AND read_at::date IN (SELECT read_at::date FROM archive.readings);

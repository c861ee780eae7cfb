INSERT INTO archive.o (id, at) SELECT o.id, o.at FROM app.o AS o WHERE o.at < '2024-01-01'
  AND NOT EXISTS (SELECT 1 FROM archive.o AS a WHERE a.id = o.id AND a.at = o.at);
DELETE FROM app.o WHERE at < '2024-01-01'
  AND (id, at) IN (SELECT id, at FROM archive.o UNION ALL SELECT id, at FROM app.o WHERE flagged);

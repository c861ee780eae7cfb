INSERT INTO archive.o (id, at) SELECT o.id, o.at FROM app.o AS o WHERE o.at < '2024-01-01'
  AND NOT EXISTS (SELECT 1 FROM archive.o AS a WHERE a.id = o.id AND a.at = o.at);
DELETE FROM app.o AS x WHERE x.at < '2024-01-01'
  AND EXISTS (SELECT 1 FROM app.o AS o LEFT JOIN archive.o AS a ON a.id = o.id AND a.at = o.at WHERE o.id = x.id AND o.at = x.at);

BEGIN;
INSERT INTO archive.o (id, at) SELECT o.id, o.at FROM app.o AS o WHERE o.at < '2024-01-01'
  AND NOT EXISTS (SELECT 1 FROM archive.o AS a WHERE a.id = o.id AND a.at = o.at);
CREATE TEMP TABLE done AS SELECT id FROM app.o WHERE at < '2024-01-01';
DELETE FROM app.o USING done AS d WHERE d.id = app.o.id;
COMMIT;

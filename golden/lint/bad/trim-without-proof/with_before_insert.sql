BEGIN;
WITH due AS (SELECT id, at FROM app.t WHERE at < '2025-01-01' AND state = 'done')
INSERT INTO archive.t (id, at) SELECT d.id, d.at FROM due d;
DELETE FROM app.t WHERE at < '2025-01-01';
COMMIT;

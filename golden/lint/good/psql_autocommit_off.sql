\set AUTOCOMMIT off
INSERT INTO arch.events (id, kind, created_at)
SELECT e.id, e.kind, e.created_at FROM app.events e WHERE e.created_at < TIMESTAMPTZ '2024-01-01 00:00:00+00';
DELETE FROM app.events e USING arch.events a WHERE a.id = e.id AND a.created_at = e.created_at;
COMMIT;

BEGIN;
LOCK TABLE app.events IN ACCESS EXCLUSIVE MODE;
INSERT INTO archive.events (id, ts) SELECT e.id, e.ts FROM app.events e WHERE e.ts < '2025-01-01 00:00:00+00';
DELETE FROM app.events WHERE ts < '2025-01-01 00:00:00+00';
COMMIT;

INSERT INTO archive.events (id, created_at) SELECT id, created_at FROM app.events WHERE created_at < '2025-01-01' AND NOT EXISTS (SELECT 1 FROM archive.events a WHERE a.id = events.id AND a.created_at = events.created_at);
CREATE TABLE app.events_new AS SELECT id, created_at FROM app.events WHERE created_at >= '2025-01-01';
RENAME TABLE app.events TO app.events_old, app.events_new TO app.events;
DROP TABLE app.events_old;

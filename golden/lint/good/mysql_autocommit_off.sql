SET autocommit = 0;
INSERT INTO events_archive (id, kind, created_at) SELECT e.id, e.kind, e.created_at FROM events e WHERE e.created_at < '2024-01-01';
DELETE e FROM events e JOIN events_archive a ON a.id = e.id AND a.created_at = e.created_at;
COMMIT;

INSERT INTO events_hist (id, kind, created_at)
SELECT e.id, e.kind, e.created_at FROM events e WHERE e.created_at < DATE '2024-01-01';
DELETE FROM events e WHERE EXISTS (SELECT 1 FROM events_hist a WHERE a.id = e.id AND a.created_at = e.created_at);
COMMIT;

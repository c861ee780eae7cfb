-- A purge with another age for each level.
DELETE FROM ops.messages
WHERE level = 'ERROR' AND sent_at < '2025-01-01' OR level = 'INFO' AND sent_at < '2025-06-01';

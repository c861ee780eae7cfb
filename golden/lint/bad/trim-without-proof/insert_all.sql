BEGIN TRANSACTION;
INSERT ALL
  WHEN at < DATE '2024-01-01' THEN INTO events_2023 (event_id, at) VALUES (event_id, at)
  WHEN at < DATE '2024-12-31' THEN INTO events_2024 (event_id, at) VALUES (event_id, at)
SELECT event_id, at FROM events WHERE at < DATE '2025-01-01';
DELETE FROM events WHERE at < DATE '2025-01-01';
COMMIT;

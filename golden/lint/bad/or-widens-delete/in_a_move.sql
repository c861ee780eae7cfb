WITH m AS (DELETE FROM live.b WHERE booked_at < TIMESTAMP '2025-01-01' AND state = 'done' OR state = 'void' RETURNING id, booked_at)
INSERT INTO arch.b (id, booked_at) SELECT id, booked_at FROM m;

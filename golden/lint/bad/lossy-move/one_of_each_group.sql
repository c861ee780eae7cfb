WITH moved AS (DELETE FROM live.p WHERE d < '2025-01-01' RETURNING id, d)
INSERT INTO arch.p (id, d) SELECT id, max(d) FROM moved GROUP BY id;

WITH moved AS (DELETE FROM live.p WHERE d < '2025-01-01' RETURNING id, d),
  kept AS (INSERT INTO arch.p (id, d) SELECT id, d FROM moved ON CONFLICT DO NOTHING RETURNING id)
SELECT count(*) FROM kept;

WITH copied AS (
  INSERT INTO arch.o (id, d) SELECT o.id, o.d FROM live.o AS o
  WHERE o.d < '2025-01-01' AND NOT EXISTS (SELECT 1 FROM arch.o AS a WHERE a.id = o.id AND a.d = o.d)
  RETURNING id
)
DELETE FROM live.o WHERE d < '2025-01-01';

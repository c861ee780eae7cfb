WITH ranked AS (
  SELECT id, row_number() OVER (PARTITION BY id ORDER BY ts DESC) AS rn FROM mart.o
)
DELETE FROM mart.o USING ranked WHERE mart.o.id = ranked.id AND ranked.rn > 1;

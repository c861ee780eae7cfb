DELETE FROM mart.o USING (
  SELECT id, row_number() OVER (PARTITION BY id ORDER BY ts DESC) AS rn FROM mart.o
) AS x
WHERE mart.o.id = x.id AND x.rn > 1;

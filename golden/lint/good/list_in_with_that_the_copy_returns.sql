WITH copied AS (
  INSERT INTO arch.orders (id, day)
  SELECT o.id, o.day FROM live.orders AS o
  WHERE o.day < '2025-01-01' AND NOT EXISTS (SELECT 1 FROM arch.orders AS a WHERE a.id = o.id AND a.day = o.day)
  RETURNING id, day
)
DELETE FROM live.orders USING copied WHERE copied.id = live.orders.id AND copied.day = live.orders.day;

WITH ins AS (
  INSERT INTO arch.orders (order_id, closed_at)
  SELECT o.order_id, o.closed_at FROM live.orders o WHERE o.closed_at < TIMESTAMP '2025-01-01'
  RETURNING order_id, closed_at)
DELETE FROM live.orders o USING ins i WHERE o.order_id = i.order_id AND o.closed_at = i.closed_at;

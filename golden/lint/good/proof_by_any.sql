DELETE FROM app.orders o
WHERE o.closed_at < '2025-01-01'
  AND (o.order_id, o.closed_at) = ANY (SELECT a.order_id, a.closed_at FROM archive.orders a);
INSERT INTO archive.orders (order_id, closed_at) SELECT o.order_id, o.closed_at FROM app.orders o WHERE o.closed_at < '2025-01-01'
 AND NOT EXISTS (SELECT 1 FROM archive.orders a WHERE a.order_id = o.order_id AND a.closed_at = o.closed_at);

INSERT INTO hist.orders (order_id, created_at, updated_at, state)
SELECT o.order_id, o.updated_at, o.created_at, o.state
FROM mart.orders AS o
WHERE o.updated_at < DATE '2025-01-01'
  AND NOT EXISTS (SELECT 1 FROM hist.orders AS h WHERE h.order_id = o.order_id AND h.updated_at = o.updated_at);

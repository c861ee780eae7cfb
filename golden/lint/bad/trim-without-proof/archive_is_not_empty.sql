INSERT INTO hist.orders (order_id, updated_at) SELECT o.order_id, o.updated_at FROM mart.orders AS o
WHERE o.updated_at < '2025-01-01' AND NOT EXISTS (SELECT 1 FROM hist.orders AS h WHERE h.order_id = o.order_id AND h.updated_at = o.updated_at);
DELETE FROM mart.orders WHERE updated_at < '2025-01-01' AND EXISTS (SELECT 1 FROM hist.orders AS h WHERE h.updated_at >= '2024-01-01');

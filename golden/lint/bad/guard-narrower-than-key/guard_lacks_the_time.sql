INSERT INTO hist.orders_2025 (order_id, region, state, updated_at) SELECT o.order_id, o.region, o.state, o.updated_at FROM mart.orders AS o
WHERE o.updated_at < '2026-01-01' AND NOT EXISTS (SELECT 1 FROM hist.orders_2025 AS h WHERE h.order_id = o.order_id);
DELETE FROM mart.orders WHERE updated_at < '2026-01-01' AND EXISTS (SELECT 1 FROM hist.orders_2025 AS h WHERE h.order_id = orders.order_id AND h.region = orders.region AND h.updated_at = orders.updated_at);

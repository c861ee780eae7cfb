INSERT INTO hist.orders_2025 (order_id, region, state, updated_at)
SELECT o.order_id, o.region, o.state, o.updated_at FROM mart.orders AS o
WHERE o.updated_at < '2026-01-01' AND NOT EXISTS (SELECT 1 FROM hist.orders_2025 AS h WHERE h.order_id = o.order_id);
DELETE FROM mart.orders USING hist.orders_2025 AS h
WHERE mart.orders.order_id = h.order_id AND mart.orders.region = h.region AND mart.orders.updated_at = h.updated_at AND mart.orders.updated_at < '2026-01-01';

CREATE TEMP TABLE old_ids AS SELECT order_id FROM core.orders WHERE updated_at < '2025-01-01';
INSERT INTO arch.orders (order_id, updated_at, name)
SELECT o.order_id, o.updated_at, c.name FROM core.orders AS o
JOIN core.customers AS c ON c.customer_id = o.customer_id
WHERE o.order_id IN (SELECT order_id FROM old_ids)
  AND NOT EXISTS (SELECT 1 FROM arch.orders AS a WHERE a.order_id = o.order_id AND a.updated_at = o.updated_at);
DELETE FROM core.orders WHERE order_id IN (SELECT order_id FROM old_ids);

CREATE TEMP TABLE old_ids AS SELECT order_id FROM core.orders WHERE updated_at < '2025-01-01';
INSERT INTO arch.orders (order_id, state, updated_at)
SELECT o.order_id, o.state, o.updated_at FROM core.orders AS o
WHERE o.order_id IN (SELECT order_id FROM old_ids) AND o.state = 'CLOSED'
  AND NOT EXISTS (SELECT 1 FROM arch.orders AS a WHERE a.order_id = o.order_id AND a.updated_at = o.updated_at);
DELETE FROM core.orders WHERE order_id IN (SELECT order_id FROM old_ids);

CREATE TEMP TABLE due AS SELECT order_id FROM core.orders WHERE closed_at < '2024-01-01';
INSERT INTO archive.orders (order_id, closed_at)
SELECT o.order_id, o.closed_at FROM core.orders AS o JOIN due AS d ON d.order_id = o.order_id
WHERE NOT EXISTS (SELECT 1 FROM archive.orders AS a WHERE a.order_id = o.order_id AND a.closed_at = o.closed_at)
LIMIT 5000;
DELETE FROM core.orders AS o USING due AS d WHERE d.order_id = o.order_id;

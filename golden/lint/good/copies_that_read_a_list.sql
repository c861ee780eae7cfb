CREATE TEMP TABLE old_ids AS SELECT order_id FROM core.orders WHERE updated_at < '2025-01-01';
INSERT INTO arch.orders (order_id, updated_at)
SELECT o.order_id, o.updated_at
FROM core.orders AS o
JOIN old_ids ON old_ids.order_id = o.order_id
LEFT JOIN arch.orders AS a ON a.order_id = o.order_id AND a.updated_at = o.updated_at
WHERE o.updated_at < '2025-01-01' AND a.order_id IS NULL;
DELETE FROM core.orders WHERE order_id IN (SELECT order_id FROM old_ids);

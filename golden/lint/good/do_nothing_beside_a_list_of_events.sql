-- Events do not change: a row that the archive has is the same row.
CREATE TEMP TABLE due AS SELECT order_id FROM orders WHERE created_at < '2025-01-01';
INSERT INTO orders_archive (order_id, created_at) SELECT order_id, created_at FROM orders WHERE order_id IN (SELECT order_id FROM due) ON CONFLICT (order_id) DO NOTHING;
DELETE FROM orders WHERE order_id IN (SELECT order_id FROM due);

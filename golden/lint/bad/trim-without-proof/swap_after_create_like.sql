-- Rows that arrive after the copies are dropped with the old table.
BEGIN;
CREATE TABLE orders_new (LIKE orders INCLUDING ALL);
INSERT INTO orders_archive (order_id, created_at) SELECT order_id, created_at FROM orders WHERE created_at < '2025-01-01';
INSERT INTO orders_new SELECT * FROM orders WHERE created_at >= '2025-01-01';
ALTER TABLE orders RENAME TO orders_old;
ALTER TABLE orders_new RENAME TO orders;
DROP TABLE orders_old;
COMMIT;

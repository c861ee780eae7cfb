-- Rows that arrive between the first statement and the TRUNCATE are lost.
CREATE TABLE orders_keep AS SELECT * FROM orders WHERE created_at >= '2025-01-01';
INSERT INTO orders_archive (order_id, created_at) SELECT order_id, created_at FROM orders WHERE created_at < '2025-01-01';
TRUNCATE TABLE orders;
INSERT INTO orders SELECT * FROM orders_keep;

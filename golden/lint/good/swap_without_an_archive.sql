-- partition exchange of reload, no archive
CREATE TABLE orders_new (LIKE orders);
INSERT INTO orders_new SELECT * FROM orders WHERE created_at >= '2025-01-01';
ALTER TABLE orders RENAME TO orders_old;
ALTER TABLE orders_new RENAME TO orders;

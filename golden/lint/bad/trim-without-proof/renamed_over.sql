BEGIN;
INSERT INTO hist_orders (order_id, total, ordered_at)
SELECT o.order_id, o.total, o.ordered_at FROM orders AS o
WHERE o.ordered_at < '2026-01-01'
  AND NOT EXISTS (SELECT 1 FROM hist_orders AS h WHERE h.order_id = o.order_id AND h.ordered_at = o.ordered_at);
CREATE TABLE orders_new AS SELECT o.order_id, o.total, o.ordered_at FROM orders AS o WHERE o.ordered_at >= '2026-01-01';
ALTER TABLE orders RENAME TO orders_old;
ALTER TABLE orders_new RENAME TO orders;
DROP TABLE orders_old;
COMMIT;

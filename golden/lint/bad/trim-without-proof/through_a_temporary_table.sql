BEGIN;
CREATE TEMPORARY TABLE old_orders AS SELECT order_id, closed_at FROM shop.orders WHERE closed_at < '2026-01-01';
INSERT INTO archive.orders (order_id, closed_at) SELECT order_id, closed_at FROM old_orders;
DELETE FROM shop.orders WHERE closed_at < '2026-01-01';
COMMIT;

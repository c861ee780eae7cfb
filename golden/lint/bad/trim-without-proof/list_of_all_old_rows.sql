BEGIN;
INSERT INTO archive.orders (order_id, closed_at)
SELECT order_id, closed_at FROM shop.orders WHERE closed_at < '2026-01-01' AND is_paid;
WITH old AS (SELECT order_id FROM shop.orders WHERE closed_at < '2026-01-01')
DELETE FROM shop.orders USING old WHERE old.order_id = shop.orders.order_id;
COMMIT;

BEGIN;
INSERT INTO archive.orders (order_id, closed_at)
SELECT order_id, closed_at FROM live.orders WHERE closed_at < '2026-01-01';
WITH orders AS (SELECT order_id FROM live.orders WHERE closed_at < '2026-01-01')
DELETE FROM live.orders
WHERE order_id IN (SELECT order_id FROM orders)
    AND EXISTS (
        SELECT 1 FROM archive.orders AS a
        WHERE a.order_id = live.orders.order_id AND a.closed_at = live.orders.closed_at
    );
COMMIT;

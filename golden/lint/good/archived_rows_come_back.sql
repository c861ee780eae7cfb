-- brings one customer's orders back
BEGIN;
INSERT INTO shop.orders (order_id, customer_id, status, closed_at)
SELECT a.order_id, a.customer_id, a.status, a.closed_at FROM archive.orders a
WHERE a.customer_id = 4711 AND NOT EXISTS (SELECT 1 FROM shop.orders o WHERE o.order_id = a.order_id);
DELETE FROM archive.orders a
WHERE a.customer_id = 4711 AND EXISTS (SELECT 1 FROM shop.orders o WHERE o.order_id = a.order_id AND o.closed_at = a.closed_at);
COMMIT;

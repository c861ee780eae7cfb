-- nightly: retention, then erasure requests of the day
BEGIN;
INSERT INTO hist.orders (order_id, customer_id, updated_at) SELECT m.order_id, m.customer_id, m.updated_at FROM mart.orders m
WHERE m.updated_at < '2025-01-01' AND NOT EXISTS (SELECT 1 FROM hist.orders h WHERE h.order_id = m.order_id AND h.updated_at = m.updated_at);
DELETE FROM mart.orders WHERE updated_at < '2025-01-01'
AND EXISTS (SELECT 1 FROM hist.orders h WHERE h.order_id = orders.order_id AND h.updated_at = orders.updated_at);
DELETE FROM mart.orders WHERE customer_id IN (SELECT customer_id FROM privacy.erasure WHERE done_at IS NULL AND customer_id IS NOT NULL);
DELETE FROM hist.orders WHERE customer_id IN (SELECT customer_id FROM privacy.erasure WHERE done_at IS NULL AND customer_id IS NOT NULL);
COMMIT;

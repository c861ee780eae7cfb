-- The archive is filled from a table that has lost its old rows already.
CREATE OR REPLACE TABLE shop.orders AS
SELECT * FROM shop.orders WHERE ordered_at >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 90 DAY);
INSERT INTO shop.orders_archive (order_id, total, ordered_at)
SELECT o.order_id, o.total, o.ordered_at FROM shop.orders AS o
WHERE o.ordered_at < TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 90 DAY)
  AND NOT EXISTS (SELECT 1 FROM shop.orders_archive AS a WHERE a.order_id = o.order_id AND a.ordered_at = o.ordered_at);

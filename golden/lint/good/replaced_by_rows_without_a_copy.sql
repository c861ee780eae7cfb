-- Each row that the archive lacks stays.
CREATE OR REPLACE TABLE shop.orders AS
SELECT o.* FROM shop.orders AS o
WHERE o.ordered_at >= '2026-01-01'
  OR NOT EXISTS (SELECT 1 FROM shop.orders_archive AS a WHERE a.order_id = o.order_id AND a.ordered_at = o.ordered_at);

-- The backup has all rows. The table then loses its duplicates.
CREATE TABLE shop.orders_backup AS SELECT o.order_id, o.total, o.ordered_at FROM shop.orders AS o;
CREATE OR REPLACE TABLE shop.orders AS
SELECT r.order_id, r.total, r.ordered_at
FROM (
  SELECT o.order_id, o.total, o.ordered_at,
    ROW_NUMBER() OVER (PARTITION BY o.order_id ORDER BY o.ordered_at DESC, o.total) AS nth
  FROM shop.orders AS o
) AS r
WHERE r.nth = 1;

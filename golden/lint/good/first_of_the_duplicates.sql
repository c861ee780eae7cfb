-- The join takes one row of each key.
DELETE o FROM raw.orders o
INNER JOIN (SELECT order_id, MIN(row_id) AS first_id FROM raw.orders GROUP BY order_id HAVING COUNT(*) > 1) d
  ON d.order_id = o.order_id AND d.first_id = o.row_id;

DELETE o FROM raw.orders o
INNER JOIN (SELECT order_id FROM raw.orders GROUP BY order_id HAVING COUNT(*) > 1) d ON d.order_id = o.order_id;

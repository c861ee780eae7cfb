WITH dup AS (SELECT order_id FROM raw.orders GROUP BY order_id HAVING COUNT(*) > 1)
DELETE FROM raw.orders WHERE order_id IN (SELECT order_id FROM dup);

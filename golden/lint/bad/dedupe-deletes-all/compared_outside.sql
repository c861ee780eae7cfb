DELETE FROM raw.orders o
USING (SELECT order_id, loaded_at, COUNT(*) AS n FROM raw.orders GROUP BY 1, 2) d
WHERE o.order_id = d.order_id AND o.loaded_at = d.loaded_at AND d.n > 1;

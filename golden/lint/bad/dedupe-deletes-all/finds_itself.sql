DELETE FROM raw.orders a WHERE EXISTS (SELECT 1 FROM raw.orders b WHERE b.order_id = a.order_id AND b.loaded_at >= a.loaded_at);

-- both names are the inner table's
DELETE FROM mart.orders
WHERE updated_at < 5 AND EXISTS (SELECT 1 FROM hist.orders AS h WHERE h.order_id = order_id);

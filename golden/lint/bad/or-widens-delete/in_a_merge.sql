MERGE INTO app.orders AS o USING archive.orders AS a ON a.order_id = o.order_id OR a.closed_at = o.closed_at
WHEN MATCHED THEN DELETE;

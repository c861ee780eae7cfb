MERGE INTO archive.orders AS a
USING (SELECT o.order_id, o.updated_at, o.state FROM live.orders AS o WHERE o.updated_at < '2025-01-01') AS s
ON a.order_id = s.order_id
WHEN MATCHED AND s.updated_at > a.updated_at THEN UPDATE SET updated_at = s.updated_at, state = s.state
WHEN NOT MATCHED THEN INSERT (order_id, updated_at, state) VALUES (s.order_id, s.updated_at, s.state);
DELETE FROM live.orders
WHERE updated_at < '2025-01-01'
  AND EXISTS (
    SELECT 1 FROM archive.orders AS a WHERE a.order_id = orders.order_id AND a.updated_at = orders.updated_at
  );

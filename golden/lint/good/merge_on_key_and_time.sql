MERGE INTO archive.orders a USING (SELECT order_id, updated_at, state FROM app.orders WHERE updated_at < '2025-01-01') s
ON a.order_id = s.order_id AND a.updated_at = s.updated_at
WHEN MATCHED THEN UPDATE SET state = s.state
WHEN NOT MATCHED THEN INSERT (order_id, updated_at, state) VALUES (s.order_id, s.updated_at, s.state);

DELETE FROM app.orders WHERE created_at < TIMESTAMP '2024-01-01'
  AND order_id NOT IN (SELECT (e.payload ->> 'order_id')::bigint FROM app.events e);

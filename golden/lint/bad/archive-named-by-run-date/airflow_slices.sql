INSERT INTO hist.orders_{{ ds_nodash[:6] }} (order_id, updated_at)
SELECT o.order_id, o.updated_at FROM mart.orders o
WHERE o.updated_at < '{{ ds }}'
  AND NOT EXISTS (SELECT 1 FROM hist.orders_{{ ds_nodash[:6] }} h WHERE h.order_id = o.order_id AND h.updated_at = o.updated_at);

-- The maximum reads no row from after now.
INSERT INTO orders_history (order_id, at)
SELECT o.order_id, o.at FROM orders AS o
WHERE o.at < (SELECT MAX(m.at) FROM orders AS m WHERE m.at <= CURRENT_TIMESTAMP) - INTERVAL '90 days'
  AND NOT EXISTS (SELECT 1 FROM orders_history AS h WHERE h.order_id = o.order_id AND h.at = o.at);
DELETE FROM orders
WHERE EXISTS (SELECT 1 FROM orders_history AS h WHERE h.order_id = orders.order_id AND h.at = orders.at)
  AND orders.at < (SELECT MAX(m.at) FROM orders AS m WHERE m.at <= CURRENT_TIMESTAMP) - INTERVAL '90 days';

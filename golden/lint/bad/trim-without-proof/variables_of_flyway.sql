INSERT INTO archive.orders (order_id, closed_at)
SELECT o.order_id, o.closed_at FROM ${live_schema}.orders o
WHERE o.closed_at < '${cutoff}' AND o.paid
  AND NOT EXISTS (SELECT 1 FROM archive.orders a WHERE a.order_id = o.order_id AND a.closed_at = o.closed_at);
DELETE FROM ${live_schema}.orders WHERE closed_at < '${cutoff}';

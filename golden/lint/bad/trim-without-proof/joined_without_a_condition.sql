BEGIN;
INSERT INTO arch.order_items (order_id, line_no, sku)
SELECT i.order_id, i.line_no, i.sku FROM live.order_items AS i
JOIN live.orders AS o ON o.order_id = i.order_id
WHERE o.closed_at < '2025-01-01' AND o.state = 'done'
  AND NOT EXISTS (SELECT 1 FROM arch.order_items AS a WHERE a.order_id = i.order_id AND a.line_no = i.line_no);
DELETE FROM live.order_items AS i USING live.orders AS o
WHERE o.order_id = i.order_id AND o.closed_at < '2025-01-01';
COMMIT;

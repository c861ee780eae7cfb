-- An item that is added to an old order after the copy is deleted without a copy.
INSERT INTO order_items_archive (item_id, order_id, qty)
SELECT i.item_id, i.order_id, i.qty
FROM order_items AS i
WHERE i.order_id IN (SELECT order_id FROM orders WHERE created_at < '2025-01-01')
  AND NOT EXISTS (SELECT 1 FROM order_items_archive AS a WHERE a.item_id = i.item_id);

DELETE FROM order_items
WHERE order_id IN (SELECT order_id FROM orders WHERE created_at < '2025-01-01');

-- The keys are listed once, and both statements read the list.
CREATE TEMP TABLE finished AS SELECT o.order_id FROM live.orders AS o WHERE o.closed_at < '2025-01-01';
INSERT INTO arch.order_items (order_id, line_no, sku)
SELECT i.order_id, i.line_no, i.sku FROM live.order_items AS i JOIN finished AS f ON f.order_id = i.order_id
WHERE NOT EXISTS (SELECT 1 FROM arch.order_items AS a WHERE a.order_id = i.order_id AND a.line_no = i.line_no);
DELETE FROM live.order_items AS i USING finished AS f WHERE f.order_id = i.order_id;

-- The copy takes shipped lines only, and the DELETE takes all.
INSERT INTO archive.lines (line_id, order_id, state)
SELECT l.line_id, l.order_id, l.state FROM app.lines l JOIN app.orders o ON o.order_id = l.order_id
WHERE o.closed_at < '2025-01-01' AND l.state = 'shipped'
  AND NOT EXISTS (SELECT 1 FROM archive.lines a WHERE a.line_id = l.line_id);
DELETE l FROM app.lines l JOIN app.orders o ON o.order_id = l.order_id WHERE o.closed_at < '2025-01-01';

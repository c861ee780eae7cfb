BEGIN;
INSERT INTO archive.lines (line_id, order_id)
SELECT l.line_id, l.order_id FROM app.lines AS l JOIN work.batch AS b ON b.order_id = l.order_id
WHERE NOT EXISTS (SELECT 1 FROM archive.lines AS a WHERE a.line_id = l.line_id);
DELETE FROM app.lines AS l USING work.batch AS b, archive.lines AS a
WHERE b.order_id = l.order_id AND a.line_id = l.line_id;
COMMIT;

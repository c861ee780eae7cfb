CREATE TABLE m.lines (order_id int NOT NULL, line_no int NOT NULL, updated_at timestamp NOT NULL);
ALTER TABLE m.lines ADD CONSTRAINT lines_pk PRIMARY KEY (order_id, line_no);
INSERT INTO h.lines_2024 (order_id, line_no, updated_at)
SELECT l.order_id, l.line_no, l.updated_at FROM m.lines l
WHERE l.updated_at < '2025-01-01'
  AND NOT EXISTS (SELECT 1 FROM h.lines_2024 h WHERE h.order_id = l.order_id);

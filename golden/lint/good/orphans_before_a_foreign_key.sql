-- clean orphans before the foreign key
DELETE FROM app.order_lines l WHERE NOT EXISTS (SELECT 1 FROM app.orders o WHERE o.order_id = l.order_id);
ALTER TABLE app.order_lines ADD CONSTRAINT order_lines_order_fk FOREIGN KEY (order_id) REFERENCES app.orders (order_id);

-- Flyway undo file U7__archive.sql: rows go back
INSERT INTO app.orders (order_id, closed_at) SELECT a.order_id, a.closed_at FROM archive.orders a WHERE a.moved_in = 7;
DELETE FROM archive.orders WHERE moved_in = 7;

TRUNCATE TABLE archive.orders;
INSERT INTO archive.orders (order_id, state, closed_at) SELECT order_id, state, closed_at FROM app.orders WHERE closed_at < '2025-01-01';
DELETE FROM app.orders WHERE closed_at < '2025-01-01';

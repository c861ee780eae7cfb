BEGIN;
INSERT INTO orders_old (id, at) SELECT o.id, o.at FROM app.orders o WHERE o.at < '2025-01-01' AND NOT EXISTS (SELECT 1 FROM orders_old a WHERE a.id = o.id AND a.at = o.at);
DELETE FROM app.orders WHERE at <= '2025-01-01';
COMMIT;

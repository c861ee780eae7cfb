BEGIN;
INSERT INTO work.keys (order_id) SELECT order_id FROM live.orders WHERE closed_at < '2026-01-01';
INSERT INTO archive.orders (order_id, closed_at)
SELECT o.order_id, o.closed_at FROM live.orders AS o JOIN work.keys AS k ON k.order_id = o.order_id;
DELETE FROM live.orders AS o USING work.keys AS k WHERE k.order_id = o.order_id;
DELETE FROM work.keys;
COMMIT;

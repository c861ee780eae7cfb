CREATE TABLE archive.orders_2025 AS SELECT o.order_id, o.total, o.ordered_at FROM live.orders AS o WHERE o.ordered_at < '2026-01-01';
CREATE TABLE live.orders_new AS SELECT o.order_id, o.total, o.ordered_at FROM live.orders AS o WHERE o.ordered_at >= '2026-01-01';
ALTER TABLE live.orders SWAP WITH live.orders_new;
DROP TABLE live.orders_new;

INSERT INTO archive.orders_eu_2025 (order_id, closed_at)
SELECT o.order_id, o.closed_at FROM live.orders AS o
WHERE o.region = 'EU' AND o.closed_at >= '2025-01-01' AND o.closed_at < '2026-01-01';
INSERT INTO archive.orders_us_2025 (order_id, closed_at)
SELECT o.order_id, o.closed_at FROM live.orders AS o
WHERE o.region = 'US' AND o.closed_at >= '2025-01-01' AND o.closed_at < '2026-01-01';

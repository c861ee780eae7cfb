WITH gone AS (
    DELETE FROM orders WHERE closed_at >= '2025-01-01' AND closed_at < '2025-07-01' RETURNING order_id, closed_at
)
INSERT INTO orders_2025_h1 (order_id, closed_at) SELECT order_id, closed_at FROM gone;
WITH gone AS (
    DELETE FROM orders WHERE closed_at >= '2025-07-02' AND closed_at < '2026-01-01' RETURNING order_id, closed_at
)
INSERT INTO orders_2025_h2 (order_id, closed_at) SELECT order_id, closed_at FROM gone;

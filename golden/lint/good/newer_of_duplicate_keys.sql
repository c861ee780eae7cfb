INSERT INTO orders_archive (order_id, status, updated_at)
SELECT o.order_id, o.status, o.updated_at FROM orders o WHERE o.updated_at < '2025-01-01'
ON DUPLICATE KEY UPDATE status = IF(VALUES(updated_at) > updated_at, VALUES(status), status), updated_at = GREATEST(updated_at, VALUES(updated_at));

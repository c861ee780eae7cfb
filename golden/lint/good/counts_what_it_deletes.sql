INSERT INTO audit.deletions (table_name, n) SELECT 'orders', COUNT(*) FROM orders WHERE closed_at < '2025-01-01';
DELETE FROM orders WHERE closed_at < '2025-01-01';

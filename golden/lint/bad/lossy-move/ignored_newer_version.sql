INSERT IGNORE INTO orders_archive (id, state, updated_at) SELECT id, state, updated_at FROM orders WHERE updated_at < '2025-01-01';
DELETE o FROM orders o JOIN orders_archive a ON a.id = o.id WHERE o.updated_at < '2025-01-01';

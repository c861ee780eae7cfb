INSERT INTO archive.orders_2025 (id, updated_at)
SELECT o.id, o.updated_at FROM app.orders AS o
WHERE o.updated_at BETWEEN '2025-01-01'::timestamp AND '2025-12-31'::timestamp;

-- raw feeds the mart; raw is kept 90 days
INSERT INTO mart.customers (customer_id) SELECT DISTINCT r.customer_id FROM raw.orders r WHERE NOT EXISTS (SELECT 1 FROM mart.customers c WHERE c.customer_id = r.customer_id);
DELETE FROM raw.orders WHERE loaded_at < now() - interval '90 days';

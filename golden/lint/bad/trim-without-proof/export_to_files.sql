EXPORT DATA OPTIONS (uri = 'gs://cold/orders/*.parquet', format = 'PARQUET') AS
SELECT order_id, closed_at FROM shop.orders WHERE closed_at < '2026-01-01';
# don't stop; the files are there
DELETE FROM shop.orders WHERE closed_at < '2026-01-01';

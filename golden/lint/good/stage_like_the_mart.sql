-- dialect: redshift
CREATE TEMP TABLE s (LIKE mart.orders);
COPY s FROM 's3://b/o/' IAM_ROLE default FORMAT PARQUET;
BEGIN;
DELETE FROM mart.orders USING s WHERE mart.orders.order_id = s.order_id;
INSERT INTO mart.orders SELECT * FROM s;
COMMIT;

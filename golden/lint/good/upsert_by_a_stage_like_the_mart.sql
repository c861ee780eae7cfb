-- The stage has the columns of the mart: LIKE says so.
CREATE TEMP TABLE stage (LIKE mart.orders);
COPY stage FROM 's3://bucket/orders' IAM_ROLE default CSV;
BEGIN;
DELETE FROM mart.orders WHERE order_id IN (SELECT order_id FROM stage);
INSERT INTO mart.orders (order_id, day) SELECT order_id, day FROM stage;
COMMIT;

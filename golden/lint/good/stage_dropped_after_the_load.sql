CREATE TEMP TABLE orders_stage (LIKE mart.orders);
DELETE FROM mart.orders USING orders_stage WHERE mart.orders.order_id = orders_stage.order_id;
INSERT INTO mart.orders SELECT * FROM orders_stage;
DROP TABLE orders_stage;

-- Airflow: export a day's partition to a table of its day, proven delete
CREATE TABLE IF NOT EXISTS archive.orders_{{ ds_nodash }} LIKE app.orders;
INSERT INTO archive.orders_{{ ds_nodash }} (order_id, order_date) SELECT o.order_id, o.order_date FROM app.orders o WHERE o.order_date = '{{ ds }}' AND NOT EXISTS (SELECT 1 FROM archive.orders_{{ ds_nodash }} a WHERE a.order_id = o.order_id AND a.order_date = o.order_date);

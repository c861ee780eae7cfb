-- full backup before a fix
CREATE TABLE backup.orders_20260115 AS SELECT * FROM app.orders;
DELETE FROM app.orders WHERE order_id IN (101, 102, 103);

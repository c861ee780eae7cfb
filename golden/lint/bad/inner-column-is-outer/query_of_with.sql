-- the CTE names its column id
WITH done AS (SELECT a.order_id AS id FROM arch.orders AS a)
DELETE FROM live.orders WHERE order_id IN (SELECT order_id FROM done);

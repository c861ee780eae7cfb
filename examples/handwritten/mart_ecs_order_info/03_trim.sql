-- The same anti-join, and no check before it: what no period covers is gone.
DELETE FROM settlement_ods.mart_ecs_order_info
WHERE order_id NOT IN (SELECT order_id FROM settlement_ods.mart_uni_tracking_info);

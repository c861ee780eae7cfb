-- The same anti-join without a check: rows that no period covers are lost.
DELETE FROM settlement_ods.mart_ecs_order_info
WHERE order_id NOT IN (SELECT order_id FROM settlement_ods.mart_uni_tracking_info);

-- The usual delete+insert: the row that was delivered last wins, even if it is older.
DELETE FROM settlement_ods.mart_ecs_order_info
WHERE order_id IN (SELECT order_id FROM settlement_public.ecs_order_info_raw);

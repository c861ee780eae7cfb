-- The usual delete+insert: what was delivered last wins, however old it is.
DELETE FROM settlement_ods.mart_ecs_order_info
WHERE order_id IN (SELECT order_id FROM settlement_public.ecs_order_info_raw);

-- versions: forget the last cycle's versions
DELETE FROM settlement_ods.mart_ecs_order_info__versions
WHERE TRUE

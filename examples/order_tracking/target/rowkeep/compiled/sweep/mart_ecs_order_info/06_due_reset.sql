-- due: forget the last cycle's list
DELETE FROM settlement_ods.mart_ecs_order_info__due
WHERE TRUE

-- cutoff: one cutoff for every statement of the cycle, never later than now less the retention
INSERT INTO settlement_ods.mart_ecs_order_info__cutoff (cutoff)
SELECT c.cutoff
FROM settlement_ods.mart_uni_tracking_info__cutoff AS c

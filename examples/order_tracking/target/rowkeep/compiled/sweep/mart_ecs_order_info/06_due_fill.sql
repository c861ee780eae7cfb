-- due: rows older than the cutoff whose parent has left its mart
INSERT INTO settlement_ods.mart_ecs_order_info__due (order_id, add_time)
SELECT m.order_id, m.add_time
FROM settlement_ods.mart_ecs_order_info AS m
WHERE m.order_id IS NOT NULL
  AND m.add_time < (SELECT MIN(c.cutoff) FROM settlement_ods.mart_ecs_order_info__cutoff AS c)
  AND NOT EXISTS (SELECT 1 FROM settlement_ods.mart_uni_tracking_info AS p WHERE p.order_id = m.order_id)
  AND EXISTS (SELECT 1 FROM settlement_ods.mart_uni_tracking_info AS p)

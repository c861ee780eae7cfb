-- Archives a creation row if its order is not in the mart, even if the order has not arrived yet.
INSERT INTO settlement_ods.hist_ecs_order_info_2026_h1
SELECT m.*
FROM settlement_ods.mart_ecs_order_info AS m
WHERE m.add_time >= 1767225600 AND m.add_time < 1782864000
  AND m.order_id NOT IN (SELECT order_id FROM settlement_ods.mart_uni_tracking_info)
  AND NOT EXISTS (SELECT 1 FROM settlement_ods.hist_ecs_order_info_2026_h1 AS h WHERE h.order_id = m.order_id);

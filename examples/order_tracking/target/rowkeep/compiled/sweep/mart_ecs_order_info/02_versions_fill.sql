-- versions: the newest time of every key that stands more than once
INSERT INTO settlement_ods.mart_ecs_order_info__versions (order_id, add_time)
SELECT copies.order_id, MAX(copies.add_time)
FROM (
  SELECT m.order_id, m.add_time FROM settlement_ods.mart_ecs_order_info AS m WHERE m.order_id IS NOT NULL
  UNION ALL
  SELECT h.order_id, h.add_time FROM settlement_ods.hist_ecs_order_info_2025_h2 AS h WHERE h.order_id IS NOT NULL
  UNION ALL
  SELECT h.order_id, h.add_time FROM settlement_ods.hist_ecs_order_info_2026_h1 AS h WHERE h.order_id IS NOT NULL
) AS copies
GROUP BY copies.order_id
HAVING COUNT(*) > 1

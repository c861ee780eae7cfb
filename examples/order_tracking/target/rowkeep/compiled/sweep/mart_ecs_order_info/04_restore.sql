-- restore: rows whose parent is back return with it
INSERT INTO settlement_ods.mart_ecs_order_info (order_id, partner_id, add_time)
SELECT ranked.order_id, ranked.partner_id, ranked.add_time
FROM (
  SELECT copies.order_id, copies.partner_id, copies.add_time,
    ROW_NUMBER() OVER (PARTITION BY copies.order_id ORDER BY copies.add_time DESC) AS rowkeep_rank
  FROM (
    SELECT h.order_id, h.partner_id, h.add_time FROM settlement_ods.hist_ecs_order_info_2025_h2 AS h
    WHERE EXISTS (SELECT 1 FROM settlement_ods.mart_uni_tracking_info AS p WHERE p.order_id = h.order_id)
    UNION ALL
    SELECT h.order_id, h.partner_id, h.add_time FROM settlement_ods.hist_ecs_order_info_2026_h1 AS h
    WHERE EXISTS (SELECT 1 FROM settlement_ods.mart_uni_tracking_info AS p WHERE p.order_id = h.order_id)
  ) AS copies
) AS ranked
WHERE ranked.rowkeep_rank = 1
  AND NOT EXISTS (
    SELECT 1 FROM settlement_ods.mart_ecs_order_info AS m
    WHERE m.order_id = ranked.order_id
  )

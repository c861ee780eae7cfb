CREATE OR REPLACE VIEW settlement_ods.all_hist_ecs_order_info AS
SELECT ranked.order_id, ranked.partner_id, ranked.add_time
FROM (
  SELECT copies.order_id, copies.partner_id, copies.add_time,
    ROW_NUMBER() OVER (PARTITION BY copies.order_id ORDER BY copies.add_time DESC NULLS LAST, copies.rowkeep_place) AS rowkeep_rank
  FROM (
    SELECT m.order_id, m.partner_id, m.add_time, 0 AS rowkeep_place FROM settlement_ods.mart_ecs_order_info AS m
    UNION ALL
    SELECT h.order_id, h.partner_id, h.add_time, 1 AS rowkeep_place FROM settlement_ods.hist_ecs_order_info_2025_h2 AS h
    UNION ALL
    SELECT h.order_id, h.partner_id, h.add_time, 1 AS rowkeep_place FROM settlement_ods.hist_ecs_order_info_2026_h1 AS h
  ) AS copies
) AS ranked
WHERE ranked.rowkeep_rank = 1 OR ranked.order_id IS NULL
WITH NO SCHEMA BINDING

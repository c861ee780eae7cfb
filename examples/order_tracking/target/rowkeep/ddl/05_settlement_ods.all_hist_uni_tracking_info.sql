CREATE OR REPLACE VIEW settlement_ods.all_hist_uni_tracking_info AS
SELECT ranked.order_id, ranked.state, ranked.update_time
FROM (
  SELECT copies.order_id, copies.state, copies.update_time,
    ROW_NUMBER() OVER (PARTITION BY copies.order_id ORDER BY copies.update_time DESC NULLS LAST, copies.rowkeep_place) AS rowkeep_rank
  FROM (
    SELECT m.order_id, m.state, m.update_time, 0 AS rowkeep_place FROM settlement_ods.mart_uni_tracking_info AS m
    UNION ALL
    SELECT h.order_id, h.state, h.update_time, 1 AS rowkeep_place FROM settlement_ods.hist_uni_tracking_info_2025_h2 AS h
    UNION ALL
    SELECT h.order_id, h.state, h.update_time, 1 AS rowkeep_place FROM settlement_ods.hist_uni_tracking_info_2026_h1 AS h
  ) AS copies
) AS ranked
WHERE ranked.rowkeep_rank = 1 OR ranked.order_id IS NULL
WITH NO SCHEMA BINDING

-- versions: the newest time of every key that stands more than once
INSERT INTO settlement_ods.mart_uni_tracking_info__versions (order_id, update_time)
SELECT copies.order_id, MAX(copies.update_time)
FROM (
  SELECT m.order_id, m.update_time FROM settlement_ods.mart_uni_tracking_info AS m WHERE m.order_id IS NOT NULL
  UNION ALL
  SELECT h.order_id, h.update_time FROM settlement_ods.hist_uni_tracking_info_2025_h2 AS h WHERE h.order_id IS NOT NULL
  UNION ALL
  SELECT h.order_id, h.update_time FROM settlement_ods.hist_uni_tracking_info_2026_h1 AS h WHERE h.order_id IS NOT NULL
) AS copies
GROUP BY copies.order_id
HAVING COUNT(*) > 1

-- The guard compares the order, but not its version.
INSERT INTO settlement_ods.hist_uni_tracking_info_2025_h2
SELECT m.*
FROM settlement_ods.mart_uni_tracking_info AS m
WHERE m.update_time >= 1751328000 AND m.update_time < 1767225600
  AND m.update_time < (SELECT MAX(update_time) - 15552000 FROM settlement_ods.mart_uni_tracking_info)
  AND NOT EXISTS (SELECT 1 FROM settlement_ods.hist_uni_tracking_info_2025_h2 AS h WHERE h.order_id = m.order_id);

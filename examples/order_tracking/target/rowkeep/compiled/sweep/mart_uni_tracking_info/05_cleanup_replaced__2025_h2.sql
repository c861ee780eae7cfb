-- cleanup: what the mart archives again replaces the copies that are not newer
DELETE FROM settlement_ods.hist_uni_tracking_info_2025_h2
WHERE EXISTS (
    SELECT 1 FROM settlement_ods.mart_uni_tracking_info AS m
    WHERE m.order_id = hist_uni_tracking_info_2025_h2.order_id AND m.update_time >= hist_uni_tracking_info_2025_h2.update_time
      AND m.update_time >= 1751328000 AND m.update_time < 1767225600
      AND m.update_time < (SELECT MIN(c.cutoff) FROM settlement_ods.mart_uni_tracking_info__cutoff AS c)
  )

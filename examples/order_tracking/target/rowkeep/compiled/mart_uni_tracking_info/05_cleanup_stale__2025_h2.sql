-- cleanup: an archived version gives way to a newer one, wherever that stands
DELETE FROM settlement_ods.hist_uni_tracking_info_2025_h2
WHERE EXISTS (
    SELECT 1 FROM settlement_ods.mart_uni_tracking_info__versions AS v
    WHERE v.order_id = hist_uni_tracking_info_2025_h2.order_id AND v.update_time > hist_uni_tracking_info_2025_h2.update_time
  )

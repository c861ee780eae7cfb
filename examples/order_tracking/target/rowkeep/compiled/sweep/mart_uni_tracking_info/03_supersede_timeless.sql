-- supersede: a row without a time gives way to a complete version of its key
DELETE FROM settlement_ods.mart_uni_tracking_info
WHERE mart_uni_tracking_info.update_time IS NULL
  AND EXISTS (
    SELECT 1 FROM settlement_ods.mart_uni_tracking_info__versions AS v
    WHERE v.order_id = mart_uni_tracking_info.order_id AND v.update_time IS NOT NULL
  )

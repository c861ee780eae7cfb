-- supersede: a late, older version gives way to the newer one, wherever that stands
DELETE FROM settlement_ods.mart_uni_tracking_info
WHERE EXISTS (
    SELECT 1 FROM settlement_ods.mart_uni_tracking_info__versions AS v
    WHERE v.order_id = mart_uni_tracking_info.order_id AND v.update_time > mart_uni_tracking_info.update_time
  )

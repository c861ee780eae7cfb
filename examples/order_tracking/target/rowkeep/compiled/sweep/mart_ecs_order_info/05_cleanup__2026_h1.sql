-- cleanup: a row that is back in the mart leaves its history table
DELETE FROM settlement_ods.hist_ecs_order_info_2026_h1
WHERE EXISTS (
    SELECT 1 FROM settlement_ods.mart_ecs_order_info AS m
    WHERE m.order_id = hist_ecs_order_info_2026_h1.order_id AND m.add_time >= hist_ecs_order_info_2026_h1.add_time
  )

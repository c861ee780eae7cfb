-- supersede: a row without a time gives way to a complete version of its key
DELETE FROM settlement_ods.mart_ecs_order_info
WHERE mart_ecs_order_info.add_time IS NULL
  AND EXISTS (
    SELECT 1 FROM settlement_ods.mart_ecs_order_info__versions AS v
    WHERE v.order_id = mart_ecs_order_info.order_id AND v.add_time IS NOT NULL
  )

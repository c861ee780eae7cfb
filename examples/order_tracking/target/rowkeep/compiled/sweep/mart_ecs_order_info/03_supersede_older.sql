-- supersede: a late, older version gives way to the newer one, wherever that stands
DELETE FROM settlement_ods.mart_ecs_order_info
WHERE EXISTS (
    SELECT 1 FROM settlement_ods.mart_ecs_order_info__versions AS v
    WHERE v.order_id = mart_ecs_order_info.order_id AND v.add_time > mart_ecs_order_info.add_time
  )

-- resolve: an exception whose rows can be routed again is closed, before they are archived
UPDATE settlement_ods.order_tracking_exceptions
SET resolved_at = GETDATE(), resolved_by = 'rowkeep', resolution_notes = 'its rows can be routed, or have left the mart'
WHERE order_tracking_exceptions.exception_type = 'ARCHIVE_ROUTING_GAP_ECS'
  AND order_tracking_exceptions.resolved_at IS NULL
  AND NOT EXISTS (
    SELECT 1 FROM settlement_ods.mart_ecs_order_info AS m
    WHERE m.order_id = order_tracking_exceptions.order_id
      AND (m.add_time < 1751328000 OR m.add_time >= 1782864000)
      AND EXISTS (SELECT 1 FROM settlement_ods.mart_ecs_order_info__due AS d WHERE d.order_id = m.order_id AND d.add_time = m.add_time)
  )
  AND NOT EXISTS (
    SELECT 1 FROM settlement_ods.mart_ecs_order_info AS m
    WHERE m.order_id = order_tracking_exceptions.order_id
      AND (m.order_id IS NULL OR m.add_time IS NULL)
  )
  AND NOT EXISTS (
    SELECT 1 FROM settlement_ods.mart_ecs_order_info AS m
    WHERE m.order_id = order_tracking_exceptions.order_id
      AND EXISTS (SELECT 1 FROM settlement_ods.mart_ecs_order_info__due AS d WHERE d.order_id = m.order_id AND d.add_time = m.add_time)
      AND EXISTS (
        SELECT 1 FROM (
          SELECT h.order_id, h.add_time FROM settlement_ods.hist_ecs_order_info_2025_h2 AS h
          UNION ALL
          SELECT h.order_id, h.add_time FROM settlement_ods.hist_ecs_order_info_2026_h1 AS h
        ) AS copies
        WHERE copies.order_id = m.order_id AND copies.add_time > m.add_time
      )
  )

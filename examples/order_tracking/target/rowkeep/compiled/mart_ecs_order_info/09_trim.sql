-- trim: due rows of which an exact copy is seen in a history table
DELETE FROM settlement_ods.mart_ecs_order_info
WHERE EXISTS (SELECT 1 FROM settlement_ods.mart_ecs_order_info__due AS d WHERE d.order_id = mart_ecs_order_info.order_id AND d.add_time = mart_ecs_order_info.add_time)
  AND NOT EXISTS (
    SELECT 1 FROM settlement_ods.order_tracking_exceptions AS e
    WHERE e.order_id = mart_ecs_order_info.order_id
      AND e.exception_type IN ('ARCHIVE_ROUTING_GAP_ECS', 'ARCHIVE_ROUTING_GAP_ECS_HOLD') AND e.resolved_at IS NULL
  )
  AND EXISTS (
    SELECT 1 FROM (
      SELECT h.order_id, h.add_time FROM settlement_ods.hist_ecs_order_info_2025_h2 AS h
      WHERE h.add_time >= (SELECT MIN(oldest.add_time) FROM settlement_ods.mart_ecs_order_info AS oldest WHERE oldest.add_time >= 1751328000)
      UNION ALL
      SELECT h.order_id, h.add_time FROM settlement_ods.hist_ecs_order_info_2026_h1 AS h
      WHERE h.add_time >= (SELECT MIN(oldest.add_time) FROM settlement_ods.mart_ecs_order_info AS oldest WHERE oldest.add_time >= 1767225600)

    ) AS copies
    WHERE copies.order_id = mart_ecs_order_info.order_id AND copies.add_time = mart_ecs_order_info.add_time
  )

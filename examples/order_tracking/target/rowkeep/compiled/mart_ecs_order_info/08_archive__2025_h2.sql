-- archive: due rows of the period, unless held or already there
INSERT INTO settlement_ods.hist_ecs_order_info_2025_h2 (order_id, partner_id, add_time)
SELECT m.order_id, m.partner_id, m.add_time
FROM settlement_ods.mart_ecs_order_info AS m
WHERE m.order_id IS NOT NULL
  AND m.add_time >= 1751328000 AND m.add_time < 1767225600
  AND EXISTS (SELECT 1 FROM settlement_ods.mart_ecs_order_info__due AS d WHERE d.order_id = m.order_id AND d.add_time = m.add_time)
  AND NOT EXISTS (
    SELECT 1 FROM settlement_ods.order_tracking_exceptions AS e
    WHERE e.order_id = m.order_id
      AND e.exception_type IN ('ARCHIVE_ROUTING_GAP_ECS', 'ARCHIVE_ROUTING_GAP_ECS_HOLD') AND e.resolved_at IS NULL
  )
  AND NOT EXISTS (
    SELECT 1 FROM settlement_ods.hist_ecs_order_info_2025_h2 AS h
    WHERE h.order_id = m.order_id AND h.add_time >= m.add_time
      AND h.add_time >= (SELECT MIN(oldest.add_time) FROM settlement_ods.mart_ecs_order_info AS oldest WHERE oldest.add_time >= 1751328000)
  )

-- safety_check: whatever is due and still here is the gap: somebody is told, once
INSERT INTO settlement_ods.order_tracking_exceptions (order_id, exception_type, detected_at, notes)
SELECT gap.order_id, 'ARCHIVE_ROUTING_GAP', GETDATE(), MIN(gap.rowkeep_note)
FROM (
  SELECT m.order_id,
    CASE
      WHEN m.update_time < 1751328000 OR m.update_time >= 1782864000 THEN 'no period covers its time'
      ELSE 'no history table holds its copy'
    END AS rowkeep_note
  FROM settlement_ods.mart_uni_tracking_info AS m
  WHERE m.order_id IS NOT NULL
    AND m.update_time < (SELECT MIN(c.cutoff) FROM settlement_ods.mart_uni_tracking_info__cutoff AS c)
  UNION ALL
  SELECT m.order_id,
    CASE WHEN m.update_time IS NULL THEN 'its time is missing' ELSE 'a part of its key is missing' END AS rowkeep_note
  FROM settlement_ods.mart_uni_tracking_info AS m
  WHERE m.order_id IS NOT NULL
    AND (m.order_id IS NULL OR m.update_time IS NULL)
) AS gap
WHERE NOT EXISTS (
    SELECT 1 FROM settlement_ods.order_tracking_exceptions AS e
    WHERE e.order_id = gap.order_id
      AND e.exception_type IN ('ARCHIVE_ROUTING_GAP', 'ARCHIVE_ROUTING_GAP_HOLD') AND e.resolved_at IS NULL
  )
GROUP BY gap.order_id
UNION ALL
SELECT DISTINCT m.order_id, 'ARCHIVE_ROUTING_GAP_NULL_KEY', GETDATE(), 'its key is missing'
FROM settlement_ods.mart_uni_tracking_info AS m
WHERE m.order_id IS NULL
  AND NOT EXISTS (
    SELECT 1 FROM settlement_ods.order_tracking_exceptions AS e
    WHERE e.exception_type = 'ARCHIVE_ROUTING_GAP_NULL_KEY' AND e.resolved_at IS NULL
  )

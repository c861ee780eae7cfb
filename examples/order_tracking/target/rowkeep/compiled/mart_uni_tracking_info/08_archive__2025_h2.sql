-- archive: due rows of the period, unless held or already there
INSERT INTO settlement_ods.hist_uni_tracking_info_2025_h2 (order_id, state, update_time)
SELECT m.order_id, m.state, m.update_time
FROM settlement_ods.mart_uni_tracking_info AS m
WHERE m.order_id IS NOT NULL
  AND m.update_time >= 1751328000 AND m.update_time < 1767225600
  AND m.update_time < (SELECT MIN(c.cutoff) FROM settlement_ods.mart_uni_tracking_info__cutoff AS c)
  AND NOT EXISTS (
    SELECT 1 FROM settlement_ods.order_tracking_exceptions AS e
    WHERE e.order_id = m.order_id
      AND e.exception_type IN ('ARCHIVE_ROUTING_GAP', 'ARCHIVE_ROUTING_GAP_HOLD') AND e.resolved_at IS NULL
  )
  AND NOT EXISTS (
    SELECT 1 FROM settlement_ods.hist_uni_tracking_info_2025_h2 AS h
    WHERE h.order_id = m.order_id AND h.update_time >= m.update_time
      AND h.update_time >= (SELECT MIN(oldest.update_time) FROM settlement_ods.mart_uni_tracking_info AS oldest WHERE oldest.update_time >= 1751328000)
  )

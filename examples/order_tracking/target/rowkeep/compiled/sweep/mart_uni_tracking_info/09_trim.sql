-- trim: due rows of which an exact copy is seen in a history table
DELETE FROM settlement_ods.mart_uni_tracking_info
WHERE mart_uni_tracking_info.update_time < (SELECT MIN(c.cutoff) FROM settlement_ods.mart_uni_tracking_info__cutoff AS c)
  AND NOT EXISTS (
    SELECT 1 FROM settlement_ods.order_tracking_exceptions AS e
    WHERE e.order_id = mart_uni_tracking_info.order_id
      AND e.exception_type IN ('ARCHIVE_ROUTING_GAP', 'ARCHIVE_ROUTING_GAP_HOLD') AND e.resolved_at IS NULL
  )
  AND EXISTS (
    SELECT 1 FROM (
      SELECT h.order_id, h.update_time FROM settlement_ods.hist_uni_tracking_info_2025_h2 AS h
      WHERE h.update_time >= (SELECT MIN(oldest.update_time) FROM settlement_ods.mart_uni_tracking_info AS oldest WHERE oldest.update_time >= 1751328000)
      UNION ALL
      SELECT h.order_id, h.update_time FROM settlement_ods.hist_uni_tracking_info_2026_h1 AS h
      WHERE h.update_time >= (SELECT MIN(oldest.update_time) FROM settlement_ods.mart_uni_tracking_info AS oldest WHERE oldest.update_time >= 1767225600)

    ) AS copies
    WHERE copies.order_id = mart_uni_tracking_info.order_id AND copies.update_time = mart_uni_tracking_info.update_time
  )

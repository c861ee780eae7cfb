-- trim: due rows of which an exact copy is seen in a history table
DELETE FROM settlement_ods.mart_uni_tracking_spath
WHERE mart_uni_tracking_spath.pathTime < (SELECT MIN(c.cutoff) FROM settlement_ods.mart_uni_tracking_spath__cutoff AS c)
  AND NOT EXISTS (
    SELECT 1 FROM settlement_ods.order_tracking_exceptions AS e
    WHERE e.order_id = mart_uni_tracking_spath.order_id
      AND e.exception_type IN ('ARCHIVE_ROUTING_GAP_UTS', 'ARCHIVE_ROUTING_GAP_UTS_HOLD') AND e.resolved_at IS NULL
  )
  AND EXISTS (
    SELECT 1 FROM (
      SELECT h.order_id, h.traceSeq, h.pathTime FROM settlement_ods.hist_uni_tracking_spath_2025_h2 AS h
      WHERE h.pathTime >= (SELECT MIN(oldest.pathTime) FROM settlement_ods.mart_uni_tracking_spath AS oldest WHERE oldest.pathTime >= 1751328000)
      UNION ALL
      SELECT h.order_id, h.traceSeq, h.pathTime FROM settlement_ods.hist_uni_tracking_spath_2026_h1 AS h
      WHERE h.pathTime >= (SELECT MIN(oldest.pathTime) FROM settlement_ods.mart_uni_tracking_spath AS oldest WHERE oldest.pathTime >= 1767225600)

    ) AS copies
    WHERE copies.order_id = mart_uni_tracking_spath.order_id AND copies.traceSeq = mart_uni_tracking_spath.traceSeq AND copies.pathTime = mart_uni_tracking_spath.pathTime
  )

-- archive: due rows of the period, unless held or already there
INSERT INTO settlement_ods.hist_uni_tracking_spath_2025_h2 (order_id, traceSeq, pathTime, code)
SELECT m.order_id, m.traceSeq, m.pathTime, m.code
FROM settlement_ods.mart_uni_tracking_spath AS m
WHERE m.order_id IS NOT NULL AND m.traceSeq IS NOT NULL AND m.pathTime IS NOT NULL
  AND m.pathTime >= 1751328000 AND m.pathTime < 1767225600
  AND m.pathTime < (SELECT MIN(c.cutoff) FROM settlement_ods.mart_uni_tracking_spath__cutoff AS c)
  AND NOT EXISTS (
    SELECT 1 FROM settlement_ods.order_tracking_exceptions AS e
    WHERE e.order_id = m.order_id
      AND e.exception_type IN ('ARCHIVE_ROUTING_GAP_UTS', 'ARCHIVE_ROUTING_GAP_UTS_HOLD') AND e.resolved_at IS NULL
  )
  AND NOT EXISTS (
    SELECT 1 FROM settlement_ods.hist_uni_tracking_spath_2025_h2 AS h
    WHERE h.order_id = m.order_id AND h.traceSeq = m.traceSeq AND h.pathTime = m.pathTime
      AND h.pathTime >= (SELECT MIN(oldest.pathTime) FROM settlement_ods.mart_uni_tracking_spath AS oldest WHERE oldest.pathTime >= 1751328000)
  )

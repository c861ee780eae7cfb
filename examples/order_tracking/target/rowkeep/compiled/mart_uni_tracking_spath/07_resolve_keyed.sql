-- resolve: an exception whose rows can be routed again is closed, before they are archived
UPDATE settlement_ods.order_tracking_exceptions
SET resolved_at = GETDATE(), resolved_by = 'rowkeep', resolution_notes = 'its rows can be routed, or have left the mart'
WHERE order_tracking_exceptions.exception_type = 'ARCHIVE_ROUTING_GAP_UTS'
  AND order_tracking_exceptions.resolved_at IS NULL
  AND NOT EXISTS (
    SELECT 1 FROM settlement_ods.mart_uni_tracking_spath AS m
    WHERE m.order_id = order_tracking_exceptions.order_id
      AND (m.pathTime < 1751328000 OR m.pathTime >= 1782864000)
      AND m.pathTime < (SELECT MIN(c.cutoff) FROM settlement_ods.mart_uni_tracking_spath__cutoff AS c)
  )
  AND NOT EXISTS (
    SELECT 1 FROM settlement_ods.mart_uni_tracking_spath AS m
    WHERE m.order_id = order_tracking_exceptions.order_id
      AND (m.order_id IS NULL OR m.traceSeq IS NULL OR m.pathTime IS NULL)
  )

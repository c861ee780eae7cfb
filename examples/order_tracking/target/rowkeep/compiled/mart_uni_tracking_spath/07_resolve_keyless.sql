-- resolve: the exception for rows without a key is closed when there are none left
UPDATE settlement_ods.order_tracking_exceptions
SET resolved_at = GETDATE(), resolved_by = 'rowkeep', resolution_notes = 'no row without a key is left'
WHERE order_tracking_exceptions.exception_type = 'ARCHIVE_ROUTING_GAP_UTS_NULL_KEY'
  AND order_tracking_exceptions.resolved_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM settlement_ods.mart_uni_tracking_spath AS m WHERE m.order_id IS NULL)

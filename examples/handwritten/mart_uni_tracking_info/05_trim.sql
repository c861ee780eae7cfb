-- Looks for no copy, and computes the cutoff again.
DELETE FROM settlement_ods.mart_uni_tracking_info
WHERE update_time < (SELECT MAX(update_time) - 15552000 FROM settlement_ods.mart_uni_tracking_info)
  AND order_id NOT IN (
    SELECT order_id FROM settlement_ods.order_tracking_exceptions
    WHERE exception_type = 'ARCHIVE_ROUTING_GAP' AND resolved_at IS NULL
  );

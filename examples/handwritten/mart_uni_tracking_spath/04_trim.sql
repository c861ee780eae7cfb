DELETE FROM settlement_ods.mart_uni_tracking_spath
WHERE pathTime < (SELECT MAX(pathTime) - 15552000 FROM settlement_ods.mart_uni_tracking_spath)
  AND order_id NOT IN (
    SELECT order_id FROM settlement_ods.order_tracking_exceptions
    WHERE exception_type = 'ARCHIVE_ROUTING_GAP_UTS' AND resolved_at IS NULL
  );

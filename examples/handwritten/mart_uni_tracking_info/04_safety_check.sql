-- An order in any history table counts as archived, in whatever version.
INSERT INTO settlement_ods.order_tracking_exceptions (order_id, exception_type, detected_at, notes)
SELECT m.order_id, 'ARCHIVE_ROUTING_GAP', GETDATE(), 'no period'
FROM settlement_ods.mart_uni_tracking_info AS m
WHERE m.update_time < (SELECT MAX(update_time) - 15552000 FROM settlement_ods.mart_uni_tracking_info)
  AND NOT EXISTS (SELECT 1 FROM settlement_ods.hist_uni_tracking_info_2025_h2 AS h WHERE h.order_id = m.order_id)
  AND NOT EXISTS (SELECT 1 FROM settlement_ods.hist_uni_tracking_info_2026_h1 AS h WHERE h.order_id = m.order_id)
  AND NOT EXISTS (
    SELECT 1 FROM settlement_ods.order_tracking_exceptions AS e
    WHERE e.order_id = m.order_id AND e.exception_type = 'ARCHIVE_ROUTING_GAP' AND e.resolved_at IS NULL
  );

-- Compares order and time: a second scan in the same second counts as archived.
INSERT INTO settlement_ods.order_tracking_exceptions (order_id, exception_type, detected_at, notes)
SELECT DISTINCT m.order_id, 'ARCHIVE_ROUTING_GAP_UTS', GETDATE(), 'no period'
FROM settlement_ods.mart_uni_tracking_spath AS m
WHERE m.pathTime < (SELECT MAX(pathTime) - 15552000 FROM settlement_ods.mart_uni_tracking_spath)
  AND NOT EXISTS (SELECT 1 FROM settlement_ods.hist_uni_tracking_spath_2025_h2 AS h WHERE h.order_id = m.order_id AND h.pathTime = m.pathTime)
  AND NOT EXISTS (SELECT 1 FROM settlement_ods.hist_uni_tracking_spath_2026_h1 AS h WHERE h.order_id = m.order_id AND h.pathTime = m.pathTime)
  AND NOT EXISTS (
    SELECT 1 FROM settlement_ods.order_tracking_exceptions AS e
    WHERE e.order_id = m.order_id AND e.exception_type = 'ARCHIVE_ROUTING_GAP_UTS' AND e.resolved_at IS NULL
  );

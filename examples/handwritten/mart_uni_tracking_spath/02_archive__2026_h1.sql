-- The guard compares only the order: after its first scan, no other scan of the order is archived. BETWEEN includes both bounds.
INSERT INTO settlement_ods.hist_uni_tracking_spath_2026_h1
SELECT m.*
FROM settlement_ods.mart_uni_tracking_spath AS m
WHERE m.pathTime BETWEEN 1767225600 AND 1782864000
  AND m.pathTime < (SELECT MAX(pathTime) - 15552000 FROM settlement_ods.mart_uni_tracking_spath)
  AND NOT EXISTS (SELECT 1 FROM settlement_ods.hist_uni_tracking_spath_2026_h1 AS h WHERE h.order_id = m.order_id);

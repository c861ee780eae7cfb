-- The guard asks for the order alone: its first archived scan blocks all others. BETWEEN takes both bounds in.
INSERT INTO settlement_ods.hist_uni_tracking_spath_2025_h2
SELECT m.*
FROM settlement_ods.mart_uni_tracking_spath AS m
WHERE m.pathTime BETWEEN 1751328000 AND 1767225600
  AND m.pathTime < (SELECT MAX(pathTime) - 15552000 FROM settlement_ods.mart_uni_tracking_spath)
  AND NOT EXISTS (SELECT 1 FROM settlement_ods.hist_uni_tracking_spath_2025_h2 AS h WHERE h.order_id = m.order_id);

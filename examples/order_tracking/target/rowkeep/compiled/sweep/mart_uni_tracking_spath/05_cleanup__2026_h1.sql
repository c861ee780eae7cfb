-- cleanup: a redelivered event replaces its archived copy
DELETE FROM settlement_ods.hist_uni_tracking_spath_2026_h1
WHERE EXISTS (
    SELECT 1 FROM settlement_ods.mart_uni_tracking_spath AS m
    WHERE m.order_id = hist_uni_tracking_spath_2026_h1.order_id AND m.traceSeq = hist_uni_tracking_spath_2026_h1.traceSeq AND m.pathTime = hist_uni_tracking_spath_2026_h1.pathTime
      AND m.pathTime >= 1767225600 AND m.pathTime < 1782864000
      AND m.pathTime < (SELECT MIN(c.cutoff) FROM settlement_ods.mart_uni_tracking_spath__cutoff AS c)
  )

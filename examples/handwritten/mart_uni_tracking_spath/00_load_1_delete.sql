-- Looks at the last two hours of the mart only: an older scan that is delivered again stands twice.
DELETE FROM settlement_ods.mart_uni_tracking_spath
WHERE pathTime >= (SELECT MAX(pathTime) - 7200 FROM settlement_ods.mart_uni_tracking_spath)
  AND EXISTS (
    SELECT 1 FROM settlement_public.uni_tracking_spath_raw AS b
    WHERE b.order_id = mart_uni_tracking_spath.order_id AND b.traceSeq = mart_uni_tracking_spath.traceSeq
      AND b.pathTime = mart_uni_tracking_spath.pathTime
  );

-- Deletes only rows of the last two hours: an older scan that is delivered again is stored twice.
DELETE FROM settlement_ods.mart_uni_tracking_spath
WHERE pathTime >= (SELECT MAX(pathTime) - 7200 FROM settlement_ods.mart_uni_tracking_spath)
  AND EXISTS (
    SELECT 1 FROM settlement_public.uni_tracking_spath_raw AS b
    WHERE b.order_id = mart_uni_tracking_spath.order_id AND b.traceSeq = mart_uni_tracking_spath.traceSeq
      AND b.pathTime = mart_uni_tracking_spath.pathTime
  );

-- load: rows whose key is new to the mart, or newer than there
INSERT INTO settlement_ods.mart_uni_tracking_spath (order_id, traceSeq, pathTime, code)
SELECT n.order_id, n.traceSeq, n.pathTime, n.code
FROM (
  SELECT ranked.order_id, ranked.traceSeq, ranked.pathTime, ranked.code
  FROM (
    SELECT b.order_id, b.traceSeq, b.pathTime, b.code,
      ROW_NUMBER() OVER (PARTITION BY b.order_id, b.traceSeq, b.pathTime ORDER BY b.row_id DESC NULLS LAST) AS rowkeep_rank
    FROM settlement_public.uni_tracking_spath_raw AS b
    WHERE b.order_id IS NOT NULL AND b.traceSeq IS NOT NULL AND b.pathTime IS NOT NULL
  ) AS ranked
  WHERE ranked.rowkeep_rank = 1
) AS n
WHERE n.pathTime IS NOT NULL
  AND NOT EXISTS (
    SELECT 1 FROM settlement_ods.mart_uni_tracking_spath AS m
    WHERE m.order_id = n.order_id AND m.traceSeq = n.traceSeq AND m.pathTime = n.pathTime
      AND m.pathTime >= (SELECT MIN(newest.pathTime) FROM settlement_public.uni_tracking_spath_raw AS newest)
  )

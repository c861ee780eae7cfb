-- load: a row delivered again under its own time replaces what the mart has of it
UPDATE settlement_ods.mart_uni_tracking_spath
SET code = n.code
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
WHERE n.order_id = mart_uni_tracking_spath.order_id AND n.traceSeq = mart_uni_tracking_spath.traceSeq AND n.pathTime = mart_uni_tracking_spath.pathTime
  AND (
    mart_uni_tracking_spath.code <> n.code
    OR (mart_uni_tracking_spath.code IS NULL AND n.code IS NOT NULL)
    OR (mart_uni_tracking_spath.code IS NOT NULL AND n.code IS NULL)
  )

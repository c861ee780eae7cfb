INSERT INTO settlement_ods.mart_uni_tracking_spath
SELECT order_id, traceSeq, pathTime, code
FROM (
  SELECT order_id, traceSeq, pathTime, code,
    ROW_NUMBER() OVER (PARTITION BY order_id, traceSeq, pathTime ORDER BY row_id DESC) AS n
  FROM settlement_public.uni_tracking_spath_raw
  WHERE order_id IS NOT NULL
) AS newest
WHERE n = 1;

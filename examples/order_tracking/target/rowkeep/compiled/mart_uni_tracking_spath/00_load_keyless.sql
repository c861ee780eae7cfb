-- load: rows that lack a part of their key, once each: nothing can replace them
INSERT INTO settlement_ods.mart_uni_tracking_spath (order_id, traceSeq, pathTime, code)
SELECT b.order_id, b.traceSeq, b.pathTime, b.code
FROM settlement_public.uni_tracking_spath_raw AS b
WHERE (b.order_id IS NULL OR b.traceSeq IS NULL OR b.pathTime IS NULL) AND b.order_id IS NOT NULL
EXCEPT
SELECT m.order_id, m.traceSeq, m.pathTime, m.code
FROM settlement_ods.mart_uni_tracking_spath AS m
WHERE (m.order_id IS NULL OR m.traceSeq IS NULL OR m.pathTime IS NULL)

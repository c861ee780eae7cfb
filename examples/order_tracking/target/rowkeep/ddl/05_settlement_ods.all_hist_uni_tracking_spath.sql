CREATE OR REPLACE VIEW settlement_ods.all_hist_uni_tracking_spath AS
SELECT ranked.order_id, ranked.traceSeq, ranked.pathTime, ranked.code
FROM (
  SELECT copies.order_id, copies.traceSeq, copies.pathTime, copies.code,
    ROW_NUMBER() OVER (PARTITION BY copies.order_id, copies.traceSeq, copies.pathTime ORDER BY copies.pathTime DESC NULLS LAST, copies.rowkeep_place) AS rowkeep_rank
  FROM (
    SELECT m.order_id, m.traceSeq, m.pathTime, m.code, 0 AS rowkeep_place FROM settlement_ods.mart_uni_tracking_spath AS m
    UNION ALL
    SELECT h.order_id, h.traceSeq, h.pathTime, h.code, 1 AS rowkeep_place FROM settlement_ods.hist_uni_tracking_spath_2025_h2 AS h
    UNION ALL
    SELECT h.order_id, h.traceSeq, h.pathTime, h.code, 1 AS rowkeep_place FROM settlement_ods.hist_uni_tracking_spath_2026_h1 AS h
  ) AS copies
) AS ranked
WHERE ranked.rowkeep_rank = 1 OR ranked.order_id IS NULL OR ranked.traceSeq IS NULL OR ranked.pathTime IS NULL
WITH NO SCHEMA BINDING

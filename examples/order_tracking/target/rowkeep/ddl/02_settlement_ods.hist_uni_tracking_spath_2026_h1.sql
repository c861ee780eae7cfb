CREATE TABLE IF NOT EXISTS settlement_ods.hist_uni_tracking_spath_2026_h1 (
  order_id BIGINT NOT NULL,
  traceSeq BIGINT,
  pathTime BIGINT,
  code INTEGER
) SORTKEY (pathTime, order_id)

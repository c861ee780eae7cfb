CREATE TABLE IF NOT EXISTS settlement_ods.hist_uni_tracking_spath_2025_h2 (
  order_id BIGINT NOT NULL,
  traceSeq BIGINT,
  pathTime BIGINT,
  code INTEGER
) SORTKEY (pathTime, order_id)

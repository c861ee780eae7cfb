CREATE TABLE IF NOT EXISTS settlement_ods.mart_uni_tracking_spath (
  order_id BIGINT NOT NULL,
  traceSeq BIGINT,
  pathTime BIGINT,
  code INTEGER
) SORTKEY (pathTime, order_id)

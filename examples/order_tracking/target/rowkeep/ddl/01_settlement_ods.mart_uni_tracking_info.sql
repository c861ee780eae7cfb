CREATE TABLE IF NOT EXISTS settlement_ods.mart_uni_tracking_info (
  order_id BIGINT NOT NULL,
  state INTEGER,
  update_time BIGINT
) SORTKEY (update_time, order_id)

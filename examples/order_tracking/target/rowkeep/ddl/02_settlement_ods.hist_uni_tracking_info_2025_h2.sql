CREATE TABLE IF NOT EXISTS settlement_ods.hist_uni_tracking_info_2025_h2 (
  order_id BIGINT NOT NULL,
  state INTEGER,
  update_time BIGINT
) SORTKEY (update_time, order_id)

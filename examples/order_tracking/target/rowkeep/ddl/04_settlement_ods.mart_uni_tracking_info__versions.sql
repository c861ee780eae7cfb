CREATE TABLE IF NOT EXISTS settlement_ods.mart_uni_tracking_info__versions (
  order_id BIGINT,
  update_time BIGINT
)

CREATE TABLE IF NOT EXISTS settlement_ods.mart_uni_tracking_info__cutoff (
  cutoff BIGINT
)

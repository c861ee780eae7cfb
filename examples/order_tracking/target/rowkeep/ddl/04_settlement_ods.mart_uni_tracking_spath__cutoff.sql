CREATE TABLE IF NOT EXISTS settlement_ods.mart_uni_tracking_spath__cutoff (
  cutoff BIGINT
)

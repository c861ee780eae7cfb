CREATE TABLE IF NOT EXISTS settlement_ods.mart_ecs_order_info__cutoff (
  cutoff BIGINT
)

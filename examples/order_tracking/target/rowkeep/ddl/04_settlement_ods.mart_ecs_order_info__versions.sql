CREATE TABLE IF NOT EXISTS settlement_ods.mart_ecs_order_info__versions (
  order_id BIGINT,
  add_time BIGINT
)

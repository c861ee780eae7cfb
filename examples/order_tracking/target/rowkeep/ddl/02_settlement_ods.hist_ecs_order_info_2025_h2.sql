CREATE TABLE IF NOT EXISTS settlement_ods.hist_ecs_order_info_2025_h2 (
  order_id BIGINT NOT NULL,
  partner_id BIGINT,
  add_time BIGINT
) SORTKEY (partner_id, add_time, order_id)

CREATE TABLE IF NOT EXISTS settlement_ods.order_tracking_exceptions (
  order_id BIGINT,
  exception_type VARCHAR(64),
  detected_at TIMESTAMP,
  resolved_at TIMESTAMP,
  notes VARCHAR(512),
  resolved_by VARCHAR(64),
  resolution_notes VARCHAR(512)
) DISTKEY (order_id) SORTKEY (exception_type, detected_at)

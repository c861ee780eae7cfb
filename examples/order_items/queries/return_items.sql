SELECT
  e.event_id AS return_item_id,
  e.order_item_id,
  e.happened_at AS returned_at,
  e.ingested_at
FROM `acme-shop`.shop_raw.order_events AS e
WHERE e.kind = 'return'

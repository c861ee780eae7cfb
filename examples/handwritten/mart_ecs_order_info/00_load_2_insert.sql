INSERT INTO settlement_ods.mart_ecs_order_info
SELECT order_id, partner_id, add_time
FROM (
  SELECT order_id, partner_id, add_time,
    ROW_NUMBER() OVER (PARTITION BY order_id ORDER BY add_time DESC NULLS LAST, row_id DESC) AS n
  FROM settlement_public.ecs_order_info_raw
  WHERE order_id IS NOT NULL
) AS newest
WHERE n = 1;

-- load: a row delivered again under its own time replaces what the mart has of it
UPDATE settlement_ods.mart_ecs_order_info
SET partner_id = n.partner_id
FROM (
  SELECT ranked.order_id, ranked.partner_id, ranked.add_time
  FROM (
    SELECT b.order_id, b.partner_id, b.add_time,
      ROW_NUMBER() OVER (PARTITION BY b.order_id ORDER BY b.add_time DESC NULLS LAST, b.row_id DESC NULLS LAST) AS rowkeep_rank
    FROM settlement_public.ecs_order_info_raw AS b
    WHERE b.order_id IS NOT NULL
  ) AS ranked
  WHERE ranked.rowkeep_rank = 1
) AS n
WHERE n.order_id = mart_ecs_order_info.order_id AND n.add_time = mart_ecs_order_info.add_time
  AND (
    mart_ecs_order_info.partner_id <> n.partner_id
    OR (mart_ecs_order_info.partner_id IS NULL AND n.partner_id IS NOT NULL)
    OR (mart_ecs_order_info.partner_id IS NOT NULL AND n.partner_id IS NULL)
  )

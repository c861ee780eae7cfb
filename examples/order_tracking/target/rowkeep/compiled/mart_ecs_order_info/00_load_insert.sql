-- load: rows whose key is new to the mart, or newer than there
INSERT INTO settlement_ods.mart_ecs_order_info (order_id, partner_id, add_time)
SELECT n.order_id, n.partner_id, n.add_time
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
WHERE n.add_time IS NOT NULL
  AND NOT EXISTS (
    SELECT 1 FROM settlement_ods.mart_ecs_order_info AS m
    WHERE m.order_id = n.order_id AND m.add_time >= n.add_time
  )

-- load: rows whose key is new to the mart, or newer than there
INSERT INTO settlement_ods.mart_uni_tracking_info (order_id, state, update_time)
SELECT n.order_id, n.state, n.update_time
FROM (
  SELECT ranked.order_id, ranked.state, ranked.update_time
  FROM (
    SELECT b.order_id, b.state, b.update_time,
      ROW_NUMBER() OVER (PARTITION BY b.order_id ORDER BY b.update_time DESC NULLS LAST, b.row_id DESC NULLS LAST) AS rowkeep_rank
    FROM settlement_public.uni_tracking_info_raw AS b
    WHERE b.order_id IS NOT NULL
  ) AS ranked
  WHERE ranked.rowkeep_rank = 1
) AS n
WHERE n.update_time IS NOT NULL
  AND NOT EXISTS (
    SELECT 1 FROM settlement_ods.mart_uni_tracking_info AS m
    WHERE m.order_id = n.order_id AND m.update_time >= n.update_time
  )

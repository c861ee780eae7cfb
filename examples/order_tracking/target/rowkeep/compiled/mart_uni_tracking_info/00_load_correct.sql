-- load: a row delivered again under its own time replaces what the mart has of it
UPDATE settlement_ods.mart_uni_tracking_info
SET state = n.state
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
WHERE n.order_id = mart_uni_tracking_info.order_id AND n.update_time = mart_uni_tracking_info.update_time
  AND (
    mart_uni_tracking_info.state <> n.state
    OR (mart_uni_tracking_info.state IS NULL AND n.state IS NOT NULL)
    OR (mart_uni_tracking_info.state IS NOT NULL AND n.state IS NULL)
  )

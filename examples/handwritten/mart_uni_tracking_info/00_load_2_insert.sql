INSERT INTO settlement_ods.mart_uni_tracking_info
SELECT order_id, state, update_time
FROM (
  SELECT order_id, state, update_time,
    ROW_NUMBER() OVER (PARTITION BY order_id ORDER BY update_time DESC NULLS LAST, row_id DESC) AS n
  FROM settlement_public.uni_tracking_info_raw
  WHERE order_id IS NOT NULL
) AS newest
WHERE n = 1;

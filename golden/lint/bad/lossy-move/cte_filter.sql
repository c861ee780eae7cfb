WITH moved AS (
  DELETE FROM shop.baskets WHERE updated_at < now() - interval '30 days'
  RETURNING basket_id, customer_id, updated_at
), wanted AS (
  SELECT * FROM moved WHERE customer_id IS NOT NULL
)
INSERT INTO shop.baskets_archive (basket_id, customer_id, updated_at)
SELECT basket_id, customer_id, updated_at FROM wanted;

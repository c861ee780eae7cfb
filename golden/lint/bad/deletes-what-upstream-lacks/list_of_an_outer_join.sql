DELETE FROM mart.products
USING (
    SELECT p.product_id FROM mart.products AS p
    LEFT JOIN land.products AS l ON l.product_id = p.product_id
    WHERE l.product_id IS NULL
) AS gone
WHERE mart.products.product_id = gone.product_id;

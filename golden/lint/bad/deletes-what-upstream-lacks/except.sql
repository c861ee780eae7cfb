DELETE FROM mart.customers
WHERE customer_id IN (SELECT customer_id FROM mart.customers EXCEPT SELECT customer_id FROM land.customers);

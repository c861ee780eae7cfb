DELETE FROM live.orders USING live.customers;

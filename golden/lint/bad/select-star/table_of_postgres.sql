INSERT INTO archive.orders TABLE app.orders_2023;

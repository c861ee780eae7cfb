INSERT INTO mart.orders (order_id, state) SELECT order_id, state FROM staging.orders_in ON CONFLICT (order_id) DO UPDATE SET state = excluded.state;
TRUNCATE staging.orders_in;
INSERT INTO mart.lines (line_id, state) SELECT line_id, state FROM stage.lines_in;
DELETE FROM stage.lines_in;

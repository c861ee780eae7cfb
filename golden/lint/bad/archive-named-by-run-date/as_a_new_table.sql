CREATE TABLE orders_archive_{{ ds_nodash }} AS SELECT order_id, at FROM core.orders WHERE at < '{{ macros.ds_add(ds, -90) }}';
DELETE FROM core.orders AS o WHERE EXISTS (SELECT 1 FROM orders_archive_{{ ds_nodash }} AS a WHERE a.order_id = o.order_id AND a.at = o.at);

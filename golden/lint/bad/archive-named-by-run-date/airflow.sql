INSERT INTO hist.orders_{{ ds_nodash }} (id, d) SELECT o.id, o.d FROM mart.orders AS o WHERE o.d < '{{ ds }}' AND NOT EXISTS (SELECT 1 FROM hist.orders_{{ ds_nodash }} AS h WHERE h.id = o.id AND h.d = o.d);
DELETE FROM mart.orders WHERE d < '{{ ds }}' AND EXISTS (SELECT 1 FROM hist.orders_{{ ds_nodash }} AS h WHERE h.id = orders.id AND h.d = orders.d);

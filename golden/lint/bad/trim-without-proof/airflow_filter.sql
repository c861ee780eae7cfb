INSERT INTO `arch.orders` (order_id, state, closed_on)
SELECT o.order_id, o.state, o.closed_on FROM `mart.orders` o
WHERE o.closed_on < DATE '{{ data_interval_start | ds }}' AND o.state = 'closed'
  AND NOT EXISTS (SELECT 1 FROM `arch.orders` h WHERE h.order_id = o.order_id AND h.closed_on = o.closed_on);
DELETE FROM `mart.orders` WHERE closed_on < DATE '{{ data_interval_start | ds }}';

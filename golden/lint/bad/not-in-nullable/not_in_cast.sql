delete from core.orders where ordered_at < '2024-01-01'
  and order_id not in (select d.order_ref::number from core.disputes d);

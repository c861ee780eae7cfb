insert into archive.orders (id, ts, v) select o.id, o.ts, o.v from orders o left join archive.orders a using (id, ts) where a.id is null and o.ts < '2026-01-01';
delete from orders using (select id, ts from archive.orders union all select id, ts from archive.orders_2024) a where orders.id = a.id and orders.ts = a.ts and orders.ts < '2026-01-01';

insert into archive.orders (id, ts, v) select o.id, o.ts, o.v from orders o where o.ts < '2026-01-01' and o.ts > (select max(ts) from archive.orders);
delete from orders where ts < '2026-01-01' and exists (select 1 from archive.orders a where a.id = orders.id and a.ts = orders.ts);

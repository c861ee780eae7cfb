begin;
insert into archive.orders (id, ts) select id, ts from orders where ts < '2026-01-01' union all select id, ts from orders_eu where ts < '2026-01-01';
delete from orders where ts < '2026-01-01';
delete from orders_eu where ts < '2026-01-01';
commit;

begin;
insert into backup.orders (id, ts) select id, ts from orders where day = '2026-01-01';
delete from orders where day = '2026-01-01';
insert into orders (id, ts) select id, ts from new_orders;
commit;

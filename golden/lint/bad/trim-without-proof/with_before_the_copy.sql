begin;
insert into archive.orders (id, ts)
with old as (select id, ts from orders where ts < '2026-01-01'),
x as (select * from old)
select id, ts from x;
delete from orders where ts < '2026-01-01';
commit;

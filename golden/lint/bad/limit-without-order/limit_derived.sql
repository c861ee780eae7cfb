begin;
insert into arch.t (id, at) select x.id, x.at from (select id, at from live.t where at < '2025-01-01' limit 1000) x
where not exists (select 1 from arch.t a where a.id = x.id and a.at = x.at);
delete from live.t where id in (select id from live.t where at < '2025-01-01' limit 1000);
commit;

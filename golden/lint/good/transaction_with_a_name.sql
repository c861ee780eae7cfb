begin name archive_t;
insert into archive.t (id, at) select t.id, t.at from app.t t where t.at < '2025-01-01';
delete from app.t using archive.t d where t.id = d.id and t.at = d.at;
commit work;

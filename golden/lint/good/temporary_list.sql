create temporary table gone as select id from orders where ts < '2026-01-01';
delete from orders where ts < '2026-01-01';

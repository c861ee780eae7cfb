select * into archive.orders_2025 from orders where ts < '2026-01-01';
delete from orders where ts < '2026-01-01';

create or replace view core.events_all as
select event_id, created_at from core.events
union all select event_id, created_at from arch.events_2024;
delete from core.events where event_id in (select event_id from arch.events_2024 union all select event_id from arch.events_2025);

insert into arch.events_2025 (event_id, kind, created_at)
select e.event_id, e.kind, e.created_at from core.events as e
where e.created_at > '2025-01-01' and e.created_at < '2026-01-01'
  and not exists (select 1 from arch.events_2025 as a where a.event_id = e.event_id and a.created_at = e.created_at);
insert into arch.events_2026 (event_id, kind, created_at)
select e.event_id, e.kind, e.created_at from core.events as e
where e.created_at > '2026-01-01' and e.created_at < '2027-01-01'
  and not exists (select 1 from arch.events_2026 as a where a.event_id = e.event_id and a.created_at = e.created_at);

set target = 'arch.tickets_' || to_char(current_date(), 'YYYY_MM');
insert into identifier($target) (ticket_id, state, closed_at)
select t.ticket_id, t.state, t.closed_at from live.tickets as t where t.closed_at < '2026-01-01'
  and not exists (select 1 from identifier($target) as a where a.ticket_id = t.ticket_id and a.closed_at = t.closed_at);

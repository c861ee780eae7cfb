execute immediate $$
begin
  insert into archive.events (event_id, at)
  select e.event_id, e.at from app.events e
  where e.at < '2025-01-01' and e.kind = 1
    and not exists (select 1 from archive.events a where a.event_id = e.event_id and a.at = e.at);
  delete from app.events where at < '2025-01-01';
end;
$$;

execute immediate $$
begin
  insert into archive.events (event_id, at) select event_id, at from app.events where at < '2025-01-01' and kind = 1;
  delete from app.events where at < '2025-01-01';
end;
$$;

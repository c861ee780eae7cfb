set cutoff = (select dateadd(day, -90, least(max(e.at), current_timestamp())) from live.events e);
delete from live.events
where at < $cutoff and exists (select 1 from hist.events h where h.event_id = events.event_id and h.at = events.at);

set cutoff = (select dateadd(day, -90, max(e.at)) from live.events e);
delete from live.events
where at < $cutoff and exists (select 1 from hist.events h where h.event_id = events.event_id and h.at = events.at);

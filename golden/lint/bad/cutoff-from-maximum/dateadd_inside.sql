DELETE FROM live.pings
WHERE seen_at < (SELECT DATEADD(day, -90, MAX(p.seen_at)) FROM live.pings AS p)
  AND EXISTS (SELECT 1 FROM hist.pings AS h WHERE h.host_id = pings.host_id AND h.seen_at = pings.seen_at);

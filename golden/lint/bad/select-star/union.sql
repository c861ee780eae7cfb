INSERT INTO archive.events
SELECT * FROM live.events_eu WHERE happened_at < '2026-01-01'
UNION ALL
SELECT * FROM live.events_us WHERE happened_at < '2026-01-01';

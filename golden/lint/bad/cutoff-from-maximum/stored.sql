CREATE TEMP TABLE cutoff_of_run AS SELECT MAX(seen_at) - INTERVAL '180 days' AS cutoff FROM live.clicks;
INSERT INTO hist.clicks_archive (click_id, seen_at)
SELECT c.click_id, c.seen_at FROM live.clicks AS c CROSS JOIN cutoff_of_run AS r
WHERE c.seen_at < r.cutoff
  AND NOT EXISTS (SELECT 1 FROM hist.clicks_archive AS a WHERE a.click_id = c.click_id AND a.seen_at = c.seen_at);
DELETE FROM live.clicks USING cutoff_of_run
WHERE clicks.seen_at < cutoff_of_run.cutoff
  AND EXISTS (SELECT 1 FROM hist.clicks_archive AS a WHERE a.click_id = clicks.click_id AND a.seen_at = clicks.seen_at);

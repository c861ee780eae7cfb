INSERT INTO hist.hits (hit_id, page, referrer, at)
SELECT w.hit_id, w.page, w.referrer, w.at FROM live.web_hits AS w
WHERE w.at < DATE '2025-01-01' AND NOT EXISTS (SELECT 1 FROM hist.hits AS h WHERE h.hit_id = w.hit_id AND h.at = w.at)
UNION ALL
SELECT a.hit_id, a.referrer, a.page, a.at FROM live.app_hits AS a
WHERE a.at < DATE '2025-01-01' AND NOT EXISTS (SELECT 1 FROM hist.hits AS h WHERE h.hit_id = a.hit_id AND h.at = a.at);

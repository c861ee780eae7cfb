INSERT INTO archive.visits (visit_id, page, seen_on)
SELECT v.visit_id, v.page, v.seen_on FROM web.visits AS v
WHERE v.seen_on < '2026-01-01'
  AND NOT EXISTS (SELECT 1 FROM archive.visits AS a WHERE a.visit_id = v.visit_id AND a.seen_on = v.seen_on);
INSERT OVERWRITE INTO web.visits SELECT v.visit_id, v.page, v.seen_on FROM web.visits AS v WHERE v.seen_on >= '2026-01-01';

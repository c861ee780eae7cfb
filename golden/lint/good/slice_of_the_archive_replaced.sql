DELETE FROM archive.visits WHERE visit_day = '2026-01-01';
INSERT INTO archive.visits (visit_id, visit_day) SELECT visit_id, visit_day FROM live.visits WHERE visit_day = '2026-01-01';
DELETE FROM live.visits WHERE visit_day = '2026-01-01'
    AND EXISTS (SELECT 1 FROM archive.visits AS a WHERE a.visit_id = live.visits.visit_id AND a.visit_day = live.visits.visit_day);

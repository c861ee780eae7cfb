INSERT INTO arch.m (id, sent_at)
SELECT m.id, m.sent_at FROM core.m AS m
WHERE m.sent_at < '2025-01-01' AND NOT EXISTS (SELECT 1 FROM arch.m AS a WHERE a.id = m.id AND a.sent_at = m.sent_at)
ORDER BY m.sent_at LIMIT 1000;
DELETE FROM core.m WHERE id IN (SELECT id FROM core.m WHERE sent_at < '2025-01-01' LIMIT 1000);

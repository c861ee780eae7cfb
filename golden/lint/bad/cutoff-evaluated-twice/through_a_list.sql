CREATE TEMP TABLE due AS SELECT id, ended_at FROM live.s WHERE ended_at < dateadd(day, -30, sysdate);
INSERT INTO hist.s (id, ended_at)
SELECT d.id, d.ended_at FROM due AS d WHERE NOT EXISTS (SELECT 1 FROM hist.s AS h WHERE h.id = d.id AND h.ended_at = d.ended_at);
DELETE FROM live.s WHERE ended_at < dateadd(day, -30, sysdate);

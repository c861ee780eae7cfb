CREATE TABLE IF NOT EXISTS hist.calls (call_id int, caller text, callee text, ended_at timestamp);
INSERT INTO hist.calls
SELECT c.call_id, c.callee, CAST(c.caller AS text), c.ended_at
FROM live.calls AS c
WHERE c.ended_at < TIMESTAMP '2025-01-01'
  AND NOT EXISTS (SELECT 1 FROM hist.calls AS h WHERE h.call_id = c.call_id AND h.ended_at = c.ended_at);

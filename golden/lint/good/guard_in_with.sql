WITH have AS (SELECT a.id, a.at FROM arch.t a)
INSERT INTO arch.t (id, at)
SELECT t.id, t.at FROM live.t t WHERE t.at < '2025-01-01 00:00:00+00' AND NOT EXISTS (SELECT 1 FROM have h WHERE h.id = t.id AND h.at = t.at);
DELETE FROM live.t t USING arch.t a WHERE a.id = t.id AND a.at = t.at AND t.at < '2025-01-01 00:00:00+00';

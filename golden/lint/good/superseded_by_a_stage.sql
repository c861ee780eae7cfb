BEGIN;
DELETE FROM mart.t USING stg.changes c WHERE t.id = c.id AND t.updated_at < c.updated_at;
INSERT INTO hist.t (id, updated_at) SELECT t.id, t.updated_at FROM mart.t t WHERE t.updated_at < '2025-01-01' AND NOT EXISTS (SELECT 1 FROM hist.t h WHERE h.id = t.id AND h.updated_at >= t.updated_at);
DELETE FROM mart.t WHERE updated_at < '2025-01-01' AND EXISTS (SELECT 1 FROM hist.t h WHERE h.id = t.id AND h.updated_at = t.updated_at);
COMMIT;

BEGIN;
INSERT INTO arch.t (id, at) SELECT t.id, t.at FROM app.t t WHERE t.at < '2025-01-01' AND NOT EXISTS (SELECT 1 FROM arch.t a WHERE a.id = t.id AND a.at = t.at);
DELETE t FROM app.t t LEFT JOIN arch.t a ON a.id = t.id AND a.at = t.at WHERE t.at < '2025-01-01' AND a.id IS NULL;
COMMIT;

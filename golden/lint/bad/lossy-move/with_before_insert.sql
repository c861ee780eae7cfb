WITH due AS (SELECT id, at FROM app.t WHERE at < '2025-01-01')
INSERT INTO archive.t (id, at) SELECT d.id, d.at FROM due d ON CONFLICT DO NOTHING;
DELETE FROM app.t WHERE at < '2025-01-01';

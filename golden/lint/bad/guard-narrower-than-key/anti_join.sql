INSERT INTO archive.t (id, at) SELECT t.id, t.at FROM app.t t LEFT ANTI JOIN archive.t a ON a.id = t.id WHERE t.at < '2025-01-01';
DELETE FROM app.t WHERE at < '2025-01-01' AND EXISTS (SELECT 1 FROM archive.t a WHERE a.id = t.id AND a.at = t.at);

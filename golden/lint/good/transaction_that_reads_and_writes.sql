BEGIN READ WRITE;
INSERT INTO archive.t (id, at) SELECT t.id, t.at FROM app.t t WHERE t.at < '2025-01-01';
DELETE FROM app.t USING archive.t d WHERE t.id = d.id AND t.at = d.at;
COMMIT;

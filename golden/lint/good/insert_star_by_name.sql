MERGE INTO archive.t a USING (SELECT id, at FROM app.t WHERE at < '2025-01-01') s ON a.id = s.id AND a.at = s.at
WHEN NOT MATCHED THEN INSERT *;

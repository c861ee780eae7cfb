MERGE archive.t AS a USING (SELECT id, at FROM app.t WHERE at < '2025-01-01' AND state = 'done') s ON a.id = s.id AND a.at = s.at
WHEN NOT MATCHED THEN INSERT (id, at) VALUES (s.id, s.at);
MERGE app.t AS t USING (SELECT id FROM app.t WHERE at < '2025-01-01') s ON t.id = s.id WHEN MATCHED THEN DELETE;

DELETE FROM app.t WHERE closed_at < '2025-01-01' AND id NOT IN (SELECT max(id) FROM app.t GROUP BY grp UNION SELECT keep_id FROM app.pins);

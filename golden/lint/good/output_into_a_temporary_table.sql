DELETE FROM dbo.Orders OUTPUT deleted.Id, deleted.CreatedAt INTO #moved (Id, CreatedAt) WHERE CreatedAt < '2025-01-01';
INSERT INTO arch.Orders (Id, CreatedAt) SELECT m.Id, m.CreatedAt FROM #moved m WHERE NOT EXISTS (SELECT 1 FROM arch.Orders a WHERE a.Id = m.Id AND a.CreatedAt = m.CreatedAt);

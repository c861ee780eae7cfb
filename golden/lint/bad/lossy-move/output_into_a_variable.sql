DECLARE @moved TABLE (Id INT, CreatedAt DATETIME2, Total DECIMAL(10,2));
DELETE FROM dbo.Orders OUTPUT deleted.Id, deleted.CreatedAt, deleted.Total INTO @moved WHERE CreatedAt < '2025-01-01';
INSERT INTO arch.Orders (Id, CreatedAt, Total) SELECT m.Id, m.CreatedAt, m.Total FROM @moved m WHERE NOT EXISTS (SELECT 1 FROM arch.Orders a WHERE a.Id = m.Id);

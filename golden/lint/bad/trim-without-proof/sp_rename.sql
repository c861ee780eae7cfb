INSERT INTO arch.Events (Id, CreatedAt) SELECT Id, CreatedAt FROM dbo.Events e WHERE CreatedAt < '2025-01-01' AND NOT EXISTS (SELECT 1 FROM arch.Events a WHERE a.Id = e.Id AND a.CreatedAt = e.CreatedAt);
SELECT Id, CreatedAt INTO dbo.Events_New FROM dbo.Events WHERE CreatedAt >= '2025-01-01';
EXEC sp_rename 'dbo.Events', 'Events_Old';
EXEC sp_rename 'dbo.Events_New', 'Events';
DROP TABLE dbo.Events_Old;

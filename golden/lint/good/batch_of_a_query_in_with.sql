WITH due AS (
  SELECT TOP (1000) Id, D FROM dbo.T WHERE D < '2025-01-01' ORDER BY D, Id
)
DELETE FROM due OUTPUT deleted.Id, deleted.D INTO arch.T (Id, D);

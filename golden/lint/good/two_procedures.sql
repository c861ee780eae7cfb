CREATE PROCEDURE dbo.PurgeTests AS
BEGIN
  DELETE FROM dbo.Orders WHERE IsTest = 1;
END
GO
CREATE PROCEDURE dbo.ArchiveOrders @c datetime2 AS
BEGIN
  SET XACT_ABORT ON;
  BEGIN TRAN;
  INSERT INTO archive.Orders (Id, At) SELECT o.Id, o.At FROM dbo.Orders o WHERE o.At < @c AND NOT EXISTS (SELECT 1 FROM archive.Orders a WHERE a.Id = o.Id AND a.At = o.At);
  DELETE o FROM dbo.Orders o WHERE o.At < @c AND EXISTS (SELECT 1 FROM archive.Orders a WHERE a.Id = o.Id AND a.At = o.At);
  COMMIT;
END
GO

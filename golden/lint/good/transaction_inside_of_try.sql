SET XACT_ABORT ON;
BEGIN TRY
  BEGIN TRAN;
    SELECT TOP (5000) Id INTO #ids FROM dbo.AuditLog WHERE At < '2025-01-01' ORDER BY Id;
    INSERT INTO dbo.AuditLog_Archive (Id, At, Msg)
    SELECT l.Id, l.At, l.Msg FROM dbo.AuditLog AS l JOIN #ids AS i ON i.Id = l.Id;
    DELETE l FROM dbo.AuditLog AS l JOIN #ids AS i ON i.Id = l.Id;
  COMMIT;
END TRY
BEGIN CATCH
  IF @@TRANCOUNT > 0 ROLLBACK;
  THROW;
END CATCH;

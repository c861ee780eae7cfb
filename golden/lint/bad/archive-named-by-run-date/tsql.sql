DECLARE @t sysname = N'archive.Tickets_' + FORMAT(GETDATE(), 'yyyyMM');
EXEC('INSERT INTO ' + @t + ' SELECT * FROM dbo.Tickets WHERE ClosedAt < ''2025-01-01''');

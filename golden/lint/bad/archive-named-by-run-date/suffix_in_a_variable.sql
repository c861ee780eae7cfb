DECLARE @suffix varchar(6) = FORMAT(GETDATE(), 'yyyyMM');
DECLARE @sql nvarchar(max) = N'INSERT INTO archive.Orders_' + @suffix + N' (OrderId) SELECT OrderId FROM dbo.Orders WHERE ClosedAt < ''2025-01-01''';
EXEC sp_executesql @sql;

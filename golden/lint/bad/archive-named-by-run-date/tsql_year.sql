DECLARE @y varchar(4) = CAST(YEAR(GETDATE()) AS varchar(4));
EXEC('INSERT INTO arch.T_' + @y + ' (Id, At) SELECT Id, At FROM dbo.T WHERE At < ''20250101''');

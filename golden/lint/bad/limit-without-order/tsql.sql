INSERT INTO archive.T (Id, At) SELECT TOP (1000) t.Id, t.At FROM dbo.T t WHERE t.At < @c AND NOT EXISTS (SELECT 1 FROM archive.T a WHERE a.Id = t.Id);
DELETE TOP (1000) FROM dbo.T WHERE At < @c;

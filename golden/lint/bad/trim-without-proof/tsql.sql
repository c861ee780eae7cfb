CREATE OR ALTER PROCEDURE dbo.Move AS
BEGIN
  INSERT INTO dbo.LogArchive (Id, At) SELECT l.Id, l.At FROM dbo.Log l WHERE l.At < @c AND NOT EXISTS (SELECT 1 FROM dbo.LogArchive a WHERE a.Id = l.Id);
  DELETE l FROM dbo.Log AS l WHERE l.At < @c;
END

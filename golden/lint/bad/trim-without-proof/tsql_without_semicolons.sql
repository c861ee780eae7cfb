DECLARE @rows int
INSERT INTO archive.Sessions (SessionId, EndedAt)
SELECT s.SessionId, s.EndedAt FROM dbo.Sessions s
WHERE s.EndedAt < '2025-01-01'
  AND NOT EXISTS (SELECT 1 FROM archive.Sessions a WHERE a.SessionId = s.SessionId)
SET @rows = @@ROWCOUNT
PRINT 'copied'
DELETE FROM dbo.Sessions
WHERE EndedAt < '2025-01-01'
PRINT 'deleted'

SET XACT_ABORT ON
DECLARE @cutoff datetime2 = '2025-01-01'
INSERT INTO archive.Messages (MessageId, SentAt)
SELECT m.MessageId, m.SentAt FROM dbo.Messages AS m
WHERE m.SentAt < @cutoff
  AND NOT EXISTS (SELECT 1 FROM archive.Messages AS a WHERE a.MessageId = m.MessageId AND a.SentAt = m.SentAt)
DELETE FROM dbo.Messages WHERE SentAt < @cutoff

USE Shop;
GO
SET NOCOUNT ON;
GO
INSERT INTO archive.Messages (MessageId, Body, SentAt)
SELECT m.MessageId, m.Body, m.SentAt FROM dbo.Messages AS m
WHERE m.SentAt < '2025-01-01'
  AND NOT EXISTS (SELECT 1 FROM archive.Messages AS a WHERE a.MessageId = m.MessageId AND a.SentAt = m.SentAt);
GO
DELETE FROM dbo.Messages WHERE SentAt < '2025-01-01';
GO

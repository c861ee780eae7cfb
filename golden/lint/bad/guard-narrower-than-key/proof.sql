-- the DELETE's proof asks for half of the key
CREATE TABLE dbo.Lines (OrderId bigint NOT NULL, LineNo int NOT NULL, ClosedAt datetime2, CONSTRAINT pk PRIMARY KEY (OrderId, LineNo));
DELETE l FROM dbo.Lines AS l
WHERE l.ClosedAt < '2025-01-01' AND EXISTS (SELECT 1 FROM archive.Lines AS a WHERE a.OrderId = l.OrderId);

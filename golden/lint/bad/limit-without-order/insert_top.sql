BEGIN TRANSACTION;
INSERT TOP (5000) INTO archive.Orders (OrderId, ClosedAt)
SELECT o.OrderId, o.ClosedAt FROM dbo.Orders AS o WHERE o.ClosedAt < '20240101'
  AND NOT EXISTS (SELECT 1 FROM archive.Orders AS a WHERE a.OrderId = o.OrderId AND a.ClosedAt = o.ClosedAt);
DELETE TOP (5000) FROM dbo.Orders WHERE ClosedAt < '20240101';
COMMIT;

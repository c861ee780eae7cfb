BEGIN TRAN;
INSERT INTO arch.Bills (BillId, IssuedOn) SELECT b.BillId, b.IssuedOn FROM dbo.Bills b WHERE b.IssuedOn < '20240101' AND b.Paid = 1
  AND NOT EXISTS (SELECT 1 FROM arch.Bills a WHERE a.BillId = b.BillId AND a.IssuedOn = b.IssuedOn);
EXEC sp_executesql N'DELETE FROM dbo.Bills WHERE IssuedOn < @c', N'@c date', @c = '20240101';
COMMIT TRAN;

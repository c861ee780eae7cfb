SET XACT_ABORT ON;
BEGIN TRAN;
INSERT INTO arch.Bills (BillId, IssuedOn) SELECT b.BillId, b.IssuedOn FROM dbo.Bills b
WHERE b.IssuedOn < '20240101' AND NOT EXISTS (SELECT 1 FROM arch.Bills a WHERE a.BillId = b.BillId AND a.IssuedOn = b.IssuedOn);
WITH done AS (
  SELECT b.* FROM dbo.Bills b WHERE EXISTS (SELECT 1 FROM arch.Bills a WHERE a.BillId = b.BillId AND a.IssuedOn = b.IssuedOn)
)
DELETE FROM done WHERE IssuedOn < '20240101';
COMMIT TRAN;

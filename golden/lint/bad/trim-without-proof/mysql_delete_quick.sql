START TRANSACTION;
INSERT INTO bills_archive (bill_id, issued_on)
SELECT b.bill_id, b.issued_on FROM bills b WHERE b.issued_on < '2024-01-01' AND b.paid = 1
  AND NOT EXISTS (SELECT 1 FROM bills_archive a WHERE a.bill_id = b.bill_id AND a.issued_on = b.issued_on);
DELETE QUICK FROM bills WHERE issued_on < '2024-01-01';
COMMIT;

START TRANSACTION;
INSERT INTO bills_archive (bill_id, issued_on, total) SELECT b.bill_id, b.issued_on, b.total FROM bills b WHERE b.issued_on < '2024-01-01'
  AND NOT EXISTS (SELECT 1 FROM bills_archive a WHERE a.bill_id = b.bill_id AND a.issued_on = b.issued_on);
DELETE bills FROM bills INNER JOIN bills_archive USING (bill_id, issued_on) WHERE bills.issued_on < '2024-01-01';
COMMIT;

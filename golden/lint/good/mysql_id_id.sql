INSERT INTO bills_archive (bill_id, issued_on, total)
SELECT b.bill_id, b.issued_on, b.total FROM bills b WHERE b.issued_on < '2024-01-01'
ON DUPLICATE KEY UPDATE bill_id = VALUES(bill_id);

INSERT INTO archive.payments (payment_id, booked_at, amount)
SELECT p.payment_id, p.booked_at, p.amount FROM fin.payments p
WHERE p.booked_at < '2024-01-01'
  AND NOT EXISTS (SELECT 1 FROM archive.payments a WHERE a.payment_id = p.payment_id AND a.booked_at = p.booked_at);
DELETE FROM fin.payments
WHERE booked_at < '2024-01-01'
  AND EXISTS (SELECT 1 FROM archive.invoices a WHERE a.payment_id = payments.payment_id AND a.booked_at = payments.booked_at);

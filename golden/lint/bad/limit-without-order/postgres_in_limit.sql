INSERT INTO archive.sms (sms_id, phone, sent_at)
SELECT s.sms_id, s.phone, s.sent_at
FROM (SELECT * FROM public.sms WHERE sent_at < DATE '2025-01-01' LIMIT 5000) s
WHERE NOT EXISTS (SELECT 1 FROM archive.sms a WHERE a.sms_id = s.sms_id AND a.sent_at = s.sent_at);
DELETE FROM public.sms
WHERE sms_id IN (SELECT sms_id FROM public.sms WHERE sent_at < DATE '2025-01-01' LIMIT 5000);

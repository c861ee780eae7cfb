DELETE FROM live.b WHERE (booked_at::timestamptz)::date < CURRENT_DATE - 365 AND EXISTS (SELECT 1 FROM arch.b AS h WHERE h.id = b.id AND h.booked_at = b.booked_at);

CREATE TABLE live.b (id bigint, booked_at timestamptz);
DELETE FROM live.b WHERE booked_at < '2025-01-01' AND EXISTS (SELECT 1 FROM arch.b AS h WHERE h.id = b.id AND h.booked_at = b.booked_at);

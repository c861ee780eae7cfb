DELETE FROM mart.o WHERE d < '2025-01-01' AND EXISTS (SELECT 1 FROM hist.o AS h WHERE h.id = o.id AND h.d = o.d OR h.d IS NULL);

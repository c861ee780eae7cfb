INSERT INTO hist.rates (rate_id, valid_at, label)
SELECT r.rate_id, r.valid_at, CASE WHEN r.valid_at BETWEEN '2025-01-01' AND '2026-01-01' THEN 'last' ELSE 'older' END
FROM live.rates AS r
WHERE r.valid_at BETWEEN '2024-01-01' AND '9999-12-31 00:00:00' AND r.loaded_at BETWEEN 1735689600 AND 2147483647
  AND NOT EXISTS (SELECT 1 FROM hist.rates AS h WHERE h.rate_id = r.rate_id AND h.valid_at = r.valid_at);

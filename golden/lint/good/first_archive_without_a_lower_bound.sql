INSERT INTO hist.r_2024 (id, ts) SELECT r.id, r.ts FROM live.r AS r WHERE r.ts < '2025-01-01' AND NOT EXISTS (SELECT 1 FROM hist.r_2024 AS h WHERE h.id = r.id AND h.ts = r.ts);
INSERT INTO hist.r_2025 (id, ts) SELECT r.id, r.ts FROM live.r AS r WHERE r.ts >= '2025-01-01' AND r.ts < '2026-01-01' AND NOT EXISTS (SELECT 1 FROM hist.r_2025 AS h WHERE h.id = r.id AND h.ts = r.ts);

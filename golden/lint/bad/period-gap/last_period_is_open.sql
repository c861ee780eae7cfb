INSERT INTO hist.r_2025_q1 (id, ts) SELECT r.id, r.ts FROM live.r AS r WHERE r.ts >= '2025-01-01' AND r.ts < '2025-04-01' AND NOT EXISTS (SELECT 1 FROM hist.r_2025_q1 AS h WHERE h.id = r.id AND h.ts = r.ts);
INSERT INTO hist.r_2025_q2 (id, ts) SELECT r.id, r.ts FROM live.r AS r WHERE r.ts >= '2025-05-01' AND NOT EXISTS (SELECT 1 FROM hist.r_2025_q2 AS h WHERE h.id = r.id AND h.ts = r.ts);

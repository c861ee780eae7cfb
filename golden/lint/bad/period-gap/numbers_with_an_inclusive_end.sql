BEGIN;
INSERT INTO hist.o_2025_h1 (id, ts) SELECT o.id, o.ts FROM mart.o AS o WHERE o.ts > 1735689600 AND o.ts <= 1751327999
 AND NOT EXISTS (SELECT 1 FROM hist.o_2025_h1 AS h WHERE h.id = o.id AND h.ts = o.ts);
INSERT INTO hist.o_2025_h2 (id, ts) SELECT o.id, o.ts FROM mart.o AS o WHERE o.ts > 1751328000 AND o.ts <= 1767225599
 AND NOT EXISTS (SELECT 1 FROM hist.o_2025_h2 AS h WHERE h.id = o.id AND h.ts = o.ts);
COMMIT;

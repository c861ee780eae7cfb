INSERT INTO arch.o_2024 (id, ts) SELECT o.id, o.ts FROM core.o AS o
WHERE o.ts >= '2024-01-01' AND o.ts < '2025-01-01' AND NOT EXISTS (SELECT 1 FROM arch.o_2024 AS a WHERE a.id = o.id AND a.ts = o.ts);
INSERT INTO arch.o_2025 (id, ts) SELECT o.id, o.ts FROM core.o AS o
WHERE o.ts >= '2025-01-01' AND o.ts < '2026-01-01' AND NOT EXISTS (SELECT 1 FROM arch.o_2025 AS a WHERE a.id = o.id AND a.ts = o.ts);
CREATE OR REPLACE VIEW core.o_all AS SELECT id, ts FROM core.o UNION ALL SELECT id, ts FROM arch.o_2024;

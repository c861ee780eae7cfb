INSERT INTO archive.t_2023 (id, ts)
SELECT t.id, t.ts FROM live.t AS t WHERE t.ts > '2023-01-01' AND t.ts < '2024-01-01';
INSERT INTO archive.t_2024 (id, ts)
SELECT t.id, t.ts FROM live.t AS t WHERE t.ts > '2024-01-01' AND t.ts < '2025-01-01';

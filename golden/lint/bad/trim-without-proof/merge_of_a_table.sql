MERGE INTO arch.clicks AS a USING core.clicks AS c ON a.id = c.id AND a.ts = c.ts
WHEN NOT MATCHED THEN INSERT (id, ts) VALUES (c.id, c.ts);
DELETE FROM core.clicks WHERE ts < '2025-01-01';

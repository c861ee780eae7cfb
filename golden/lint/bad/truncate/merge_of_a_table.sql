MERGE INTO arch.clicks AS a USING core.clicks AS c ON a.id = c.id AND a.ts = c.ts
WHEN NOT MATCHED THEN INSERT (id, ts) VALUES (c.id, c.ts);
TRUNCATE TABLE core.clicks;

UNLOAD ('SELECT * FROM live.impressions WHERE shown_at < ''2025-01-01''')
TO 's3://archive/impressions/' IAM_ROLE default FORMAT AS PARQUET;
DELETE FROM live.impressions WHERE shown_at < '2025-01-01';

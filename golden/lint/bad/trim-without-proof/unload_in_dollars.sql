UNLOAD ($$SELECT id, d FROM mart.o WHERE d < '2025-01-01'$$) TO 's3://bucket/o/' IAM_ROLE default FORMAT PARQUET;
DELETE FROM mart.o WHERE d < '2025-01-01';

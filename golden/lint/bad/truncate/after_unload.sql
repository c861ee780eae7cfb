UNLOAD ('SELECT visit_id, page, seen_at FROM live.visits')
TO 's3://archive/visits/2025/'
IAM_ROLE default
FORMAT AS PARQUET;
TRUNCATE TABLE live.visits;

UNLOAD ('SELECT * FROM web.clicks_old') TO 's3://lake/clicks/' IAM_ROLE DEFAULT FORMAT AS PARQUET;
DROP TABLE web.clicks_old;

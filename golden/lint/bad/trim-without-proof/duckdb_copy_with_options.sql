COPY (SELECT * FROM visits WHERE day < '2024-01-01') TO 'visits.parquet' (FORMAT parquet, ROW_GROUP_SIZE 100000);
DELETE FROM visits WHERE day < '2024-01-01';

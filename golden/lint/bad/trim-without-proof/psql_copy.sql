\copy (SELECT * FROM live.o WHERE d < '2025-01-01') TO 'o.csv' CSV
DELETE FROM live.o WHERE d < '2025-01-01';

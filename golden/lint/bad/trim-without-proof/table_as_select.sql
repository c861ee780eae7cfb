CREATE TABLE cold.trips_2024 AS SELECT * FROM live.trips WHERE ended_at < DATE '2025-01-01';
DELETE FROM live.trips WHERE ended_at < DATE '2025-01-01';

CREATE TABLE live.trips (trip_id BIGINT, ended_at TIMESTAMP WITH TIME ZONE);
DELETE FROM live.trips WHERE date_trunc('day', ended_at) < DATE '2025-01-01';

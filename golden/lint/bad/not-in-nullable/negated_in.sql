DELETE FROM live.trips
WHERE ended_at < DATE '2025-01-01' AND NOT (driver_id IN (SELECT driver_id FROM live.disputes));

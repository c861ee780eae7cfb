DELETE FROM live.trips WHERE ended_at < (SELECT MAX(ended_at) FROM live.trips) - INTERVAL '90 days';

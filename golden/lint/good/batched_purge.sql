DELETE FROM ops_run_log WHERE started_at < '2025-01-01' ORDER BY started_at LIMIT 1000;

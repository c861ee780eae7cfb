DELETE FROM ops.run_log WHERE started_at < CURRENT_DATE - 90;
DELETE FROM ops.sessions WHERE (expires_at < now() AND state = 'open') AND user_id IS NOT NULL;

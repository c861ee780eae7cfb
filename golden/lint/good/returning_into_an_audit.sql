WITH gone AS (DELETE FROM app.api_keys WHERE revoked_at < now() - interval '1 year' RETURNING user_id)
INSERT INTO app.audit (user_id, what) SELECT DISTINCT user_id, 'keys removed' FROM gone;

DO $$
BEGIN
  DELETE FROM app.sessions WHERE ended_at < '2026-01-01';
  VACUUM app.sessions;
END $$;

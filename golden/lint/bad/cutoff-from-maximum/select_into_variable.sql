CREATE FUNCTION trim_quotes(keep interval) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  cutoff timestamptz;
BEGIN
  SELECT max(quoted_at) - keep INTO cutoff FROM live.quotes;
  DELETE FROM live.quotes WHERE quoted_at < cutoff;
END $$;

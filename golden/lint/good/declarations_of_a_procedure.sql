CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  n bigint;
  c timestamptz := now() - interval '90 days';
  r RECORD;
BEGIN
  PERFORM pg_advisory_lock(1);
EXCEPTION WHEN OTHERS THEN
  RAISE;
END $$;
ALTER TABLE core.orders SET data_retention_time_in_days = 30;

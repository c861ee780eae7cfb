CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  n int;
  c timestamptz;
BEGIN
  c := clock_timestamp() - interval '90 days';
  INSERT INTO arch.o (id, d) SELECT o.id, o.d FROM live.o AS o WHERE o.d < c AND NOT EXISTS (SELECT 1 FROM arch.o AS a WHERE a.id = o.id AND a.d = o.d);
  c := clock_timestamp() - interval '90 days';
  DELETE FROM live.o WHERE d < c;
END $$;

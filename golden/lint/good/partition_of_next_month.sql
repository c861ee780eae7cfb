CREATE OR REPLACE FUNCTION ops.make_partition() RETURNS void LANGUAGE plpgsql AS $$
DECLARE p text;
BEGIN
  p := 'measurements_' || to_char(now() + interval '1 month', 'YYYYMM');
  EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF measurements FOR VALUES FROM (%L) TO (%L)', p, '2026-01-01', '2026-02-01');
END $$;

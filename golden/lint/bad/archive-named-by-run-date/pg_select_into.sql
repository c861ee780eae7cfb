DO $$
DECLARE s text;
BEGIN
  SELECT to_char(current_date, 'YYYYMM') INTO s;
  EXECUTE format('INSERT INTO arch.t_%s (id, at) SELECT id, at FROM live.t WHERE at < %L', s, '2025-01-01');
END $$;

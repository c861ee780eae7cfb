CREATE OR REPLACE PROCEDURE ops.arch() LANGUAGE plpgsql AS $$
DECLARE r record;
BEGIN
  FOR r IN SELECT tbl FROM ops.archive_list LOOP
    EXECUTE 'INSERT INTO arch.' || r.tbl || ' (id, at) SELECT id, at FROM core.' || r.tbl || ' WHERE at < ''2025-01-01'' AND ok';
    EXECUTE 'DELETE FROM core.' || r.tbl || ' WHERE at < ''2025-01-01''';
  END LOOP;
END;
$$;

CREATE OR REPLACE PROCEDURE p(src varchar, hist varchar) AS $$
BEGIN
  EXECUTE 'INSERT INTO ' || hist || ' (id, d) SELECT o.id, o.d FROM ' || src || ' AS o WHERE o.d < ''2025-01-01'' AND NOT EXISTS (SELECT 1 FROM ' || hist || ' AS a WHERE a.id = o.id AND a.d = o.d)';
  EXECUTE 'DELETE FROM ' || src || ' WHERE d < ''2025-02-01''';
END; $$ LANGUAGE plpgsql;

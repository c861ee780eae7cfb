DO $do$
DECLARE n text := 'orders';
BEGIN
  EXECUTE format('INSERT INTO arch.%1$I (id, at) SELECT s.id, s.at FROM live.%1$I s WHERE s.at < ''2025-01-01'' AND s.ok AND NOT EXISTS (SELECT 1 FROM arch.%1$I a WHERE a.id = s.id AND a.at = s.at)', n);
  EXECUTE format('DELETE FROM live.%1$I WHERE at < ''2025-01-01''', n);
END
$do$;

DO $do$
DECLARE n text := 'orders';
BEGIN
  EXECUTE format($q$INSERT INTO arch.%I (id, at) SELECT id, at FROM live.%I WHERE at < '2025-01-01' AND ok ON CONFLICT (id, at) DO UPDATE SET at = excluded.at$q$, n, n);
  EXECUTE format($q$DELETE FROM live.%I WHERE at < '2025-01-01'$q$, n);
END
$do$;

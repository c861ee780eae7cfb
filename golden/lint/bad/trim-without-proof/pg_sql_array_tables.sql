DO $do$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['orders', 'invoices', 'shipments'] LOOP
    EXECUTE format($q$
      INSERT INTO archive.%1$I (id, payload, closed_at)
      SELECT s.id, s.payload, s.closed_at FROM public.%1$I s
      WHERE s.closed_at < DATE '2025-01-01' AND s.payload IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM archive.%1$I a WHERE a.id = s.id AND a.closed_at = s.closed_at)
    $q$, t);
    EXECUTE format('DELETE FROM public.%I WHERE closed_at < DATE ''2025-01-01''', t);
  END LOOP;
END
$do$;

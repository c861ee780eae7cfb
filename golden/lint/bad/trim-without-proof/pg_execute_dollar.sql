DO $do$
BEGIN
  EXECUTE $q$INSERT INTO arch.t (id, at) SELECT s.id, s.at FROM live.t s WHERE s.at < '2025-01-01' AND s.ok AND NOT EXISTS (SELECT 1 FROM arch.t a WHERE a.id = s.id AND a.at = s.at)$q$;
  EXECUTE $q$DELETE FROM live.t WHERE at < '2025-01-01'$q$;
END
$do$;

CREATE TABLE m.r (id bigint NOT NULL, at timestamptz NOT NULL);
DELETE FROM m.r WHERE r.at < TIMESTAMP '2025-01-01'
  AND EXISTS (SELECT 1 FROM m.r_archive a WHERE a.id = r.id AND a.at = r.at);

CREATE TABLE m.r (id bigint NOT NULL, at timestamptz NOT NULL);
DELETE FROM m.r WHERE date_part('year', r.at) < 2025
  AND EXISTS (SELECT 1 FROM m.r_archive a WHERE a.id = r.id AND a.at = r.at);

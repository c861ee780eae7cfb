CREATE TABLE m.r (id bigint NOT NULL, at timestamptz NOT NULL);
INSERT INTO m.r_archive (id, at) SELECT r.id, r.at FROM m.r
WHERE r.at < now()::date - 30
  AND NOT EXISTS (SELECT 1 FROM m.r_archive a WHERE a.id = r.id AND a.at = r.at);

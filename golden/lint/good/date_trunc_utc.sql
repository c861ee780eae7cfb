CREATE TABLE m.r (id bigint NOT NULL, at timestamptz NOT NULL);
WITH m AS (DELETE FROM m.r WHERE r.at < date_trunc('month', now(), 'UTC') - interval '12 months' RETURNING r.id, r.at)
INSERT INTO m.r_archive (id, at) SELECT m.id, m.at FROM m;

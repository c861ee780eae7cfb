WITH moved AS (DELETE FROM core.p WHERE ended < DATE '2025-01-01' RETURNING id, started, ended)
INSERT INTO arch.p (id, started, ended) SELECT m.id, m.ended, m.started FROM moved m;

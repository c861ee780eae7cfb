WITH moved AS (DELETE FROM core.p WHERE ended < DATE '2025-01-01' RETURNING id, ended)
INSERT INTO arch.p SELECT m.id, m.ended FROM moved m;

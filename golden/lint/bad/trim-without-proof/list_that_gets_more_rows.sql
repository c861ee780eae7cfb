CREATE TEMP TABLE due AS SELECT id FROM app.jobs WHERE done_at < '2024-01-01';
INSERT INTO archive.jobs (id, done_at) SELECT j.id, j.done_at FROM app.jobs AS j JOIN due ON due.id = j.id
WHERE NOT EXISTS (SELECT 1 FROM archive.jobs AS a WHERE a.id = j.id AND a.done_at = j.done_at);
INSERT INTO due SELECT id FROM app.jobs WHERE state = 'failed';
DELETE FROM app.jobs USING due WHERE due.id = jobs.id;

INSERT INTO cold.jobs_archive (job_id, finished_at, payload)
SELECT j.job_id, j.finished_at, j.payload FROM live.jobs AS j WHERE j.finished_at < '2025-01-01'
ON CONFLICT (job_id, finished_at) DO UPDATE SET payload = excluded.payload;
DELETE FROM live.jobs
WHERE finished_at < '2025-01-01'
  AND EXISTS (SELECT 1 FROM cold.jobs_archive AS a WHERE a.job_id = jobs.job_id AND a.finished_at = jobs.finished_at);

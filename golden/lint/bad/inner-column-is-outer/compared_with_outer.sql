create table q.jobs (job_id int, done_at timestamp);
create table q.failures (failed_job int, at timestamp);
delete from q.jobs where done_at < '2025-01-01' and exists (select 1 from q.failures f where job_id = jobs.job_id);

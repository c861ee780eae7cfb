BEGIN
  INSERT INTO jobs_hist (job_id, state, ended_at)
  SELECT j.job_id, j.state, j.ended_at FROM jobs j
  WHERE j.ended_at < SYSTIMESTAMP - INTERVAL '30' DAY
    AND NOT EXISTS (SELECT 1 FROM jobs_hist h WHERE h.job_id = j.job_id AND h.ended_at = j.ended_at);
  DELETE FROM jobs WHERE ended_at < SYSTIMESTAMP - INTERVAL '30' DAY;
  COMMIT;
END;
/

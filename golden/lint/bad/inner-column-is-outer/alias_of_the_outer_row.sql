DELETE FROM mart.loads AS l WHERE l.batch_id IN (SELECT l.batch_id FROM mart.load_errors AS e WHERE e.resolved);

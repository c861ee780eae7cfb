DELETE FROM mart.c t WHERE EXISTS (SELECT 1 FROM raw.loads l WHERE l.name = 'c' AND l.finished) AND NOT EXISTS (SELECT 1 FROM raw.c s WHERE s.id = t.id);

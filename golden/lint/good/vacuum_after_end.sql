-- END commits on PostgreSQL and Redshift.
BEGIN;
DELETE FROM ops.heartbeats WHERE beat_at < '2025-01-01';
END;
VACUUM ops.heartbeats;

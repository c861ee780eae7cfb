BEGIN;
DELETE FROM live.trips WHERE ended_at < DATE '2020-01-01';
VACUUM live.trips;
COMMIT;

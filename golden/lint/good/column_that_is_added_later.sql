CREATE TABLE etl.loads (batch_id bigint, at date);
CREATE TABLE etl.errors (load_batch bigint, resolved boolean);
ALTER TABLE etl.errors ADD COLUMN batch_id bigint;
CREATE TABLE etl.others (load_batch bigint, resolved boolean);
ALTER TABLE etl.others RENAME COLUMN load_batch TO batch_id;
DELETE FROM etl.loads WHERE at < '2025-01-01' AND batch_id IN (SELECT batch_id FROM etl.errors WHERE resolved);
DELETE FROM etl.loads WHERE at < '2025-01-01' AND batch_id IN (SELECT batch_id FROM etl.others WHERE resolved);

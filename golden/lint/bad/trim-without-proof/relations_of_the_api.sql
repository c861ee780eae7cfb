{% set source = api.Relation.create(database=target.database, schema='app', identifier='orders') %}
{% set archive = api.Relation.create(database=target.database, schema='archive', identifier='orders') %}
BEGIN;
INSERT INTO {{ archive }} (id, ts)
SELECT s.id, s.ts FROM {{ source }} AS s WHERE s.ts < '2025-01-01' AND s.status = 'done';
DELETE FROM {{ source }} WHERE ts < '2025-01-01';
COMMIT;

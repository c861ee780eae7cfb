CREATE TEMP TABLE keep AS SELECT DISTINCT c.pickup_id FROM ops.claims c WHERE c.pickup_id IS NOT NULL;
DELETE FROM ops.pickups WHERE picked_at < '2025-01-01' AND pickup_id NOT IN (SELECT pickup_id FROM keep);

WITH keep AS (SELECT c.pickup_id FROM ops.claims c WHERE c.pickup_id IS NOT NULL AND c.state = 'open')
DELETE FROM ops.pickups
WHERE picked_at < TIMESTAMPTZ '2025-01-01 00:00:00+00'
  AND pickup_id NOT IN (SELECT pickup_id FROM keep);

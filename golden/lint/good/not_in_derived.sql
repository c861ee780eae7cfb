DELETE FROM pickups WHERE picked_at < '2025-01-01'
  AND pickup_id NOT IN (SELECT k.pickup_id FROM (SELECT pickup_id FROM claims WHERE pickup_id IS NOT NULL) AS k);

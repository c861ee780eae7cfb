DELETE FROM pickups WHERE picked_at < '2025-01-01'
  AND pickup_id NOT IN (SELECT c.pickup_id FROM claims c JOIN pickups p ON p.pickup_id = c.pickup_id WHERE c.state = 'open');

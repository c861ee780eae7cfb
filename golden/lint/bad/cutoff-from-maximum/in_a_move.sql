WITH moved AS (
  DELETE FROM live.ticks t WHERE t.at < (SELECT max(x.at) - interval '30 days' FROM live.ticks x)
  RETURNING t.tick_id, t.at, t.price)
INSERT INTO arch.ticks (tick_id, at, price) SELECT tick_id, at, price FROM moved;

-- The source has the two names the other way round, and the copy says so.
INSERT INTO hist.orders (order_id, net, gross, closed_at)
SELECT o.order_id, o.gross AS net, o.net AS gross, o.closed_at
FROM mart.orders AS o
WHERE o.closed_at < DATE '2025-01-01'
  AND NOT EXISTS (SELECT 1 FROM hist.orders AS h WHERE h.order_id = o.order_id AND h.closed_at = o.closed_at);

-- The archive has other names.
INSERT INTO hist.calls (call_id, started, ended, ended_at)
SELECT c.call_id, c.began, c.ended_at, c.ended_at
FROM live.calls AS c
WHERE c.ended_at < DATE '2025-01-01'
  AND NOT EXISTS (SELECT 1 FROM hist.calls AS h WHERE h.call_id = c.call_id AND h.ended_at = c.ended_at);

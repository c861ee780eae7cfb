BEGIN ISOLATION LEVEL SERIALIZABLE;
INSERT INTO hist.bids (bid_id, placed_at)
SELECT b.bid_id, b.placed_at FROM live.bids AS b WHERE b.placed_at < '2025-01-01';
DELETE FROM live.bids
WHERE placed_at < '2025-01-01'
  AND EXISTS (SELECT 1 FROM hist.bids AS h WHERE h.bid_id = bids.bid_id AND h.placed_at = bids.placed_at);
COMMIT;

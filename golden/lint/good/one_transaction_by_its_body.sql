CREATE PROCEDURE ops.move_old_votes() AS $$
BEGIN
  INSERT INTO hist.votes (vote_id, cast_at)
  SELECT v.vote_id, v.cast_at FROM live.votes AS v WHERE v.cast_at < '2025-01-01';
  DELETE FROM live.votes
  WHERE cast_at < '2025-01-01'
    AND EXISTS (SELECT 1 FROM hist.votes AS h WHERE h.vote_id = votes.vote_id AND h.cast_at = votes.cast_at);
END;
$$ LANGUAGE plpgsql;

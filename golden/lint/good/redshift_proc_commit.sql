CREATE OR REPLACE PROCEDURE ops.archive_events(p_before date) AS $$
BEGIN
  INSERT INTO hist.events_2024 (id, kind, created_at)
  SELECT e.id, e.kind, e.created_at FROM app.events e WHERE e.created_at < p_before;
  DELETE FROM app.events USING hist.events_2024 a WHERE a.id = app.events.id AND a.created_at = app.events.created_at;
  COMMIT;
END;
$$ LANGUAGE plpgsql;

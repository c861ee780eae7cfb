CREATE OR REPLACE PROCEDURE ops.archive_events(p_before timestamptz) LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO arch.events (id, kind, created_at)
  SELECT e.id, e.kind, e.created_at FROM app.events e WHERE e.created_at < p_before;
  DELETE FROM app.events e USING arch.events a WHERE a.id = e.id AND a.created_at = e.created_at;
  COMMIT;
END $$;

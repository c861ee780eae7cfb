CREATE OR REPLACE PROCEDURE ops.archive_batches() LANGUAGE plpgsql AS $$
BEGIN
  LOOP
    INSERT INTO arch.events (id, kind, created_at)
    SELECT e.id, e.kind, e.created_at FROM app.events e WHERE e.created_at < now() - interval '90 days' ORDER BY e.id LIMIT 5000;
    EXIT WHEN NOT FOUND;
    DELETE FROM app.events e USING arch.events a WHERE a.id = e.id AND a.created_at = e.created_at;
    COMMIT;
  END LOOP;
END $$;

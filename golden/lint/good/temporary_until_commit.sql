DO $$
DECLARE n_list bigint; n_copy bigint;
BEGIN
  CREATE TEMP TABLE due ON COMMIT DROP AS
    SELECT id, updated_at FROM app.docs WHERE updated_at < now() - interval '3 years';
  GET DIAGNOSTICS n_list = ROW_COUNT;
  INSERT INTO archive.docs (id, body, updated_at)
    SELECT d.id, d.body, d.updated_at FROM app.docs d JOIN due USING (id, updated_at);
  GET DIAGNOSTICS n_copy = ROW_COUNT;
  IF n_list <> n_copy THEN
    RAISE EXCEPTION 'copied % of %', n_copy, n_list;
  END IF;
  DELETE FROM app.docs d USING due WHERE due.id = d.id AND due.updated_at = d.updated_at;
END $$;

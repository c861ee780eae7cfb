CREATE OR REPLACE FUNCTION arch.move() RETURNS void LANGUAGE plpgsql AS $$
DECLARE ids bigint[];
BEGIN
  SELECT array_agg(id) INTO ids FROM (SELECT id FROM app.mail WHERE sent_at < now() - interval '1 year' ORDER BY id LIMIT 5000 FOR UPDATE) x;
  INSERT INTO arch.mail (id, subject, sent_at) SELECT m.id, m.subject, m.sent_at FROM app.mail m WHERE m.id = ANY(ids);
  DELETE FROM app.mail WHERE id = ANY(ids);
END $$;

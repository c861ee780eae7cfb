DO $$
DECLARE v_cut timestamp;
BEGIN
  v_cut := (SELECT max(measured_at) FROM lab.samples) - interval '400 days';
  DELETE FROM lab.samples s WHERE s.measured_at < v_cut;
END $$;

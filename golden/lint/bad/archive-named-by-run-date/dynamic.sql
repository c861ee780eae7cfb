CREATE PROCEDURE move_trips() LANGUAGE plpgsql AS $$
DECLARE target text;
BEGIN
  target := 'cold.trips_' || to_char(now(), 'YYYYMM');
  EXECUTE 'INSERT INTO ' || target || ' SELECT * FROM live.trips';
END $$;

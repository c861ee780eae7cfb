CREATE OR REPLACE PROCEDURE move_clicks AS
BEGIN
  INSERT INTO clicks_hist (click_id, clicked_at)
  SELECT c.click_id, c.clicked_at FROM clicks c
  WHERE NOT EXISTS (SELECT 1 FROM clicks_hist h WHERE h.click_id = c.click_id AND h.clicked_at = c.clicked_at);
  EXECUTE IMMEDIATE 'TRUNCATE TABLE clicks';
END;
/

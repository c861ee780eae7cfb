WITH due AS (
  SELECT scan_id FROM app.scans WHERE scanned_at < TIMESTAMP '2025-01-01' ORDER BY scan_id LIMIT 1000 FOR UPDATE SKIP LOCKED
),
copied AS (
  INSERT INTO archive.scans (scan_id, scanned_at, code)
  SELECT s.scan_id, s.scanned_at, s.code FROM app.scans AS s JOIN due USING (scan_id)
)
DELETE FROM app.scans AS s USING due WHERE s.scan_id = due.scan_id;

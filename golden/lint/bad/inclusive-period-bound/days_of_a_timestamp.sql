CREATE TABLE gate.scans (gate_id INTEGER NOT NULL, scanned_at TIMESTAMP NOT NULL);
CREATE TABLE gate.scans_2025_q1 (gate_id INTEGER NOT NULL, scanned_at TIMESTAMP NOT NULL);
INSERT INTO gate.scans_2025_q1 (gate_id, scanned_at)
SELECT s.gate_id, s.scanned_at FROM gate.scans AS s
WHERE s.scanned_at BETWEEN '2025-01-01' AND '2025-03-31'
  AND NOT EXISTS (SELECT 1 FROM gate.scans_2025_q1 AS q WHERE q.gate_id = s.gate_id AND q.scanned_at = s.scanned_at);

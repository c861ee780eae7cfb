INSERT INTO hist.scans_2025_h1 (parcel_id, seq, scanned_at)
SELECT m.parcel_id, m.seq, m.scanned_at FROM mart.scans m
WHERE m.scanned_at >= '2025-01-01' AND m.scanned_at < '2025-07-01'
  AND NOT EXISTS (SELECT 1 FROM hist.scans_2025_h1 h WHERE h.parcel_id = m.parcel_id AND h.seq = m.seq AND h.scanned_at = m.scanned_at);
INSERT INTO hist.scans_2025_h2 (parcel_id, seq, scanned_at)
SELECT m.parcel_id, m.seq, m.scanned_at FROM mart.scans m
WHERE m.scanned_at >= '2025-07-01' AND m.scanned_at < '2026-01-01'
  AND NOT EXISTS (SELECT 1 FROM hist.scans_2025_h2 h WHERE h.parcel_id = m.parcel_id AND h.seq = m.seq AND h.scanned_at = m.scanned_at);
INSERT INTO ops.exceptions (parcel_id, exception_type, detected_at)
SELECT DISTINCT m.parcel_id, 'ROUTING_GAP', '2026-01-02'::timestamp FROM mart.scans m
WHERE m.scanned_at < '2026-01-01'
  AND NOT EXISTS (SELECT 1 FROM hist.scans_2025_h1 h WHERE h.parcel_id = m.parcel_id AND h.seq = m.seq AND h.scanned_at = m.scanned_at);
DELETE FROM mart.scans
WHERE scanned_at < '2026-01-01'
  AND (EXISTS (SELECT 1 FROM hist.scans_2025_h1 h WHERE h.parcel_id = scans.parcel_id AND h.seq = scans.seq AND h.scanned_at = scans.scanned_at)
    OR EXISTS (SELECT 1 FROM hist.scans_2025_h2 h WHERE h.parcel_id = scans.parcel_id AND h.seq = scans.seq AND h.scanned_at = scans.scanned_at));

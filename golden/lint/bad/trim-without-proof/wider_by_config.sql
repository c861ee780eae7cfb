BEGIN;
INSERT INTO arch.parcels (parcel_id, shipped_at)
SELECT p.parcel_id, p.shipped_at FROM live.parcels AS p
WHERE p.shipped_at < '2025-01-01'
  AND NOT EXISTS (SELECT 1 FROM arch.parcels AS a WHERE a.parcel_id = p.parcel_id AND a.shipped_at = p.shipped_at);
DELETE FROM live.parcels
WHERE shipped_at < '2025-06-01' AND tenant IN (SELECT c.tenant FROM ops.settings AS c);
COMMIT;

-- The archive has the name of the table, in a schema of its own.
INSERT INTO archive.parcels (parcel_id, status, moved_at)
SELECT p.parcel_id, p.status, p.moved_at FROM parcels AS p
WHERE p.moved_at < DATE '2025-01-01'
  AND NOT EXISTS (SELECT 1 FROM archive.parcels AS a WHERE a.parcel_id = p.parcel_id AND a.moved_at = p.moved_at);
DELETE FROM parcels WHERE moved_at < DATE '2025-01-01';

WITH moved AS (
  DELETE FROM live.parcels AS p WHERE p.closed_at < TIMESTAMPTZ '2026-01-01 00:00:00+00'
  RETURNING p.parcel_id, p.state, p.closed_at
)
INSERT INTO arch.parcels (parcel_id, state, closed_at)
SELECT m.parcel_id, m.state, m.closed_at FROM moved AS m
WHERE NOT EXISTS (SELECT 1 FROM arch.parcels AS a WHERE a.parcel_id = m.parcel_id);

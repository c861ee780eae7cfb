WITH moved AS (
  DELETE FROM live.parcels WHERE closed_at < TIMESTAMPTZ '2026-01-01 00:00:00+00'
  RETURNING parcel_id, depot_id, closed_at
)
INSERT INTO arch.parcels (parcel_id, depot, closed_at)
SELECT m.parcel_id, d.name, m.closed_at FROM moved AS m
JOIN live.depots AS d ON d.depot_id = m.depot_id;

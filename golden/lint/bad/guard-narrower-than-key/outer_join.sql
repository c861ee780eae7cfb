CREATE TABLE fleet.positions (vehicle_id int NOT NULL, seen_at timestamp NOT NULL, lat float, PRIMARY KEY (vehicle_id, seen_at));
INSERT INTO fleet.positions_old (vehicle_id, seen_at, lat)
SELECT p.vehicle_id, p.seen_at, p.lat FROM fleet.positions p
LEFT JOIN fleet.positions_old o ON o.vehicle_id = p.vehicle_id
WHERE p.seen_at < '2025-01-01' AND o.vehicle_id IS NULL;

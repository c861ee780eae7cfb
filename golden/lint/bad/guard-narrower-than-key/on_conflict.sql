CREATE TABLE core.readings (sensor_id int NOT NULL, taken_at timestamp NOT NULL, v float, PRIMARY KEY (sensor_id, taken_at));
INSERT INTO arch.readings (sensor_id, taken_at, v)
SELECT sensor_id, taken_at, v FROM core.readings WHERE taken_at < '2025-01-01'
ON CONFLICT (sensor_id) DO NOTHING;

MERGE INTO cold.meter_values AS a
USING (SELECT meter_id, read_at, kwh FROM plant.meter_values WHERE read_at < '2025-01-01') AS v
ON a.meter_id = v.meter_id AND a.read_at = v.read_at
WHEN NOT MATCHED THEN INSERT (meter_id, read_at, kwh) VALUES (v.meter_id, v.read_at, v.kwh);
DELETE FROM plant.meter_values WHERE read_at < '2025-01-01';

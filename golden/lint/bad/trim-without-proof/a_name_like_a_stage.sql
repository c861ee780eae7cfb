-- `temperatures` is no temporary table.
INSERT INTO temperatures_old (probe, at, degrees)
SELECT t.probe, t.at, t.degrees FROM temperatures AS t
WHERE t.at < '2025-01-01'
  AND NOT EXISTS (SELECT 1 FROM temperatures_old AS o WHERE o.probe = t.probe AND o.at = t.at);
DELETE FROM temperatures WHERE at < '2025-01-01';

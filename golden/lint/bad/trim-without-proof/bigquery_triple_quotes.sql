EXECUTE IMMEDIATE """
  CREATE TABLE IF NOT EXISTS archive.visits_2024 AS
  SELECT visit_id, day FROM app.visits WHERE day < '2025-01-01' AND is_valid
""";
EXECUTE IMMEDIATE """DELETE FROM app.visits WHERE day < '2025-01-01'""";

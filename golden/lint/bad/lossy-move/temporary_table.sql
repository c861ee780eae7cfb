WITH d AS (DELETE FROM app.orders WHERE created_at < '2025-01-01' RETURNING id, created_at) INSERT INTO tmp_moved (id, created_at) SELECT id, created_at FROM d;
INSERT INTO archive.orders (id, created_at) SELECT id, created_at FROM tmp_moved ON CONFLICT DO NOTHING;

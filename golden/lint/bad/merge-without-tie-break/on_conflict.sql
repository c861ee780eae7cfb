INSERT INTO arch.contracts (contract_id, state, changed_at)
SELECT c.contract_id, c.state, c.changed_at FROM live.contracts AS c WHERE c.changed_at < TIMESTAMPTZ '2026-01-01 00:00:00+00'
ON CONFLICT (contract_id) DO UPDATE SET state = EXCLUDED.state, changed_at = EXCLUDED.changed_at;

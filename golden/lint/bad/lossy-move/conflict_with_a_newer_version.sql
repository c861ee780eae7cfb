-- contracts come back: a contract that was archived last year can be reopened and age again
BEGIN;
INSERT INTO archive.contracts (contract_id, state, updated_at)
SELECT contract_id, state, updated_at FROM app.contracts WHERE updated_at < '2026-01-01'
ON CONFLICT (contract_id) DO NOTHING;
DELETE FROM app.contracts c
WHERE c.updated_at < '2026-01-01'
  AND EXISTS (SELECT 1 FROM archive.contracts a WHERE a.contract_id = c.contract_id);
COMMIT;

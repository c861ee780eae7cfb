INSERT INTO hist.accounts (account_id, balance, updated_at)
SELECT m.account_id, m.balance, m.updated_at FROM mart.accounts m
WHERE m.updated_at < 1767225600
  AND NOT EXISTS (SELECT 1 FROM hist.accounts h WHERE h.account_id = m.account_id AND h.updated_at <= m.updated_at);
DELETE FROM mart.accounts
WHERE updated_at < 1767225600
  AND EXISTS (SELECT 1 FROM hist.accounts h WHERE h.account_id = accounts.account_id AND h.updated_at <= accounts.updated_at);

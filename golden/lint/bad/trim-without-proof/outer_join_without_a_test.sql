INSERT INTO archive.memos (memo_id, sent_at)
SELECT f.memo_id, f.sent_at FROM app.memos f LEFT JOIN archive.memos a ON a.memo_id = f.memo_id AND a.sent_at = f.sent_at
WHERE f.sent_at < '2025-01-01' AND a.memo_id IS NULL;
DELETE f FROM app.memos f LEFT JOIN archive.memos a ON a.memo_id = f.memo_id AND a.sent_at = f.sent_at
WHERE f.sent_at < '2025-01-01';

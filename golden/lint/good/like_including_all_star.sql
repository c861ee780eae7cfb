BEGIN;
CREATE TABLE arch.bills_2023 (LIKE live.bills INCLUDING ALL);
WITH m AS (DELETE FROM live.bills WHERE issued_on >= '2023-01-01' AND issued_on < '2024-01-01' RETURNING *)
INSERT INTO arch.bills_2023 SELECT * FROM m;
COMMIT;

INSERT INTO archive.claims_2024 (claim_id, closed_on)
SELECT claim_id, closed_on FROM live.claims WHERE '2024-01-01' <= closed_on AND '2025-02-01' > closed_on;
INSERT INTO archive.claims_2025 (claim_id, closed_on)
SELECT claim_id, closed_on FROM live.claims WHERE DATE(2025, 1, 1) <= closed_on AND closed_on < DATE(2026, 1, 1);

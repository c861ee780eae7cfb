CREATE TABLE live.stays (stay_id BIGINT NOT NULL, left_on DATE NOT NULL);
INSERT INTO archive.stays_2024 (stay_id, left_on)
SELECT stay_id, left_on FROM live.stays WHERE left_on BETWEEN '2024-01-01' AND '2024-11-30';
INSERT INTO archive.stays_2025 (stay_id, left_on)
SELECT stay_id, left_on FROM live.stays WHERE left_on BETWEEN '2025-01-01' AND '2025-12-31';

WITH gone AS (
    DELETE FROM live.payments WHERE booked_at < '2026-01-01' RETURNING payment_id, amount
), large AS (
    INSERT INTO archive.large (payment_id, amount) SELECT payment_id, amount FROM gone WHERE amount >= 1000 RETURNING 1
)
INSERT INTO archive.small (payment_id, amount) SELECT payment_id, amount FROM gone WHERE amount < 1000 OR amount IS NULL;

BEGIN;
INSERT INTO hist.orders (order_id, state, updated_at)
SELECT o.order_id, o.state, o.updated_at FROM mart.orders o
WHERE o.updated_at < '{{ (execution_date - macros.timedelta(days=90)).strftime("%Y-%m-%d") }}' AND o.state = 'closed'
  AND NOT EXISTS (SELECT 1 FROM hist.orders h WHERE h.order_id = o.order_id AND h.updated_at = o.updated_at);
DELETE FROM mart.orders WHERE updated_at < '{{ (execution_date - macros.timedelta(days=90)).strftime("%Y-%m-%d") }}';
COMMIT;

{% macro roll_orders() %}
{% if var('roll_orders', false) %}
BEGIN;
INSERT INTO archive.orders (order_id, closed_at)
SELECT order_id, closed_at FROM shop.orders WHERE closed_at < '2026-01-01';
DELETE FROM shop.orders WHERE closed_at < '2026-01-01';
COMMIT;
{% endif %}
{% endmacro %}

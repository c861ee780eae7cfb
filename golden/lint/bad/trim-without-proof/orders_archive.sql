{{ config(materialized='incremental', post_hook="DELETE FROM {{ ref('orders') }} WHERE closed_at < '2026-01-01'") }}
SELECT order_id, closed_at FROM {{ ref('orders') }} WHERE closed_at < '2026-01-01' AND is_paid

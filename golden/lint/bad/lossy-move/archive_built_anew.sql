{{ config(materialized='table', post_hook="delete from {{ source('app', 'orders') }} where closed_at < '2025-01-01'") }}
select order_id, closed_at from {{ source('app', 'orders') }} where closed_at < '2025-01-01'

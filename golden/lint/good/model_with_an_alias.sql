{{ config(
    materialized='incremental',
    alias='orders_history',
    unique_key=['order_id', 'closed_at'],
    post_hook="delete from {{ source('shop', 'orders') }} o
      where exists (select 1 from {{ this }} h where h.order_id = o.order_id and h.closed_at = o.closed_at)"
) }}
select order_id, closed_at from {{ source('shop', 'orders') }} where closed_at < current_date - 90

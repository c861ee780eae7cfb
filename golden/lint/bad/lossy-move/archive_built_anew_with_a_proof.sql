{{ config(materialized='table', post_hook=["delete from {{ source('app', 'orders') }} o where o.closed_at < current_date - 90 and exists (select 1 from {{ this }} a where a.order_id = o.order_id and a.closed_at = o.closed_at)"]) }}
select order_id, closed_at from {{ source('app', 'orders') }} where closed_at < current_date - 90

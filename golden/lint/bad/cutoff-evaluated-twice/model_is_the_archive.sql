{{ config(materialized='incremental', unique_key='id',
  post_hook="delete from {{ ref('orders') }} where updated_at < dateadd(day, -90, current_date)") }}
select id, updated_at, amount
from {{ ref('orders') }}
where updated_at < dateadd(day, -90, current_date)

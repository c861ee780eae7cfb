{{ config(materialized='incremental',
  post_hook="delete from landing.events where loaded_at < dateadd(day, -30, current_date)") }}
select id, loaded_at from landing.events where loaded_at > (select max(loaded_at) from {{ this }})

{{ config(materialized='incremental', unique_key='id', post_hook=[
  "insert into hist.s (id, ended_at) select s.id, s.ended_at from {{ this }} s where s.ended_at < {{ dbt.dateadd('day', -30, dbt.current_timestamp() ~ '()') }} and not exists (select 1 from hist.s h where h.id = s.id and h.ended_at = s.ended_at)",
  "delete from {{ this }} where ended_at < {{ dbt.dateadd('day', -30, 'sysdate') }}"
]) }}
select id, ended_at from {{ ref('x') }}

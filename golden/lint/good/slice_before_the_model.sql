{{ config(materialized='incremental', unique_key='id', incremental_strategy='append',
  pre_hook="{% if is_incremental() %}delete from {{ this }} where day >= '{{ var('from', '2025-06-01') }}'{% endif %}",
  post_hook=[
   "insert into hist.t (id, day) select t.id, t.day from {{ this }} t where t.day < '2025-01-01' and not exists (select 1 from hist.t h where h.id = t.id and h.day = t.day)",
   "delete from {{ this }} t where t.day < '2025-01-01' and exists (select 1 from hist.t h where h.id = t.id and h.day = t.day)"]) }}
select id, day from {{ ref('stg') }} {% if is_incremental() %}where day >= '{{ var('from', '2025-06-01') }}'{% endif %}

{{ config(materialized='incremental', unique_key='id') }}
{% if execute and flags.WHICH in ['run', 'build'] %}
{% do run_query("insert into arch.t (id, at) select id, at from core.t where x = 1 and at < '2025-01-01'") %}
{% do run_query("delete from core.t where at < '2025-01-01'") %}
{% endif %}
select id, at from {{ ref('x') }}

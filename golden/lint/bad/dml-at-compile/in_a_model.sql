{% if execute %}
  {% do run_query("update " ~ target.schema ~ ".runs set state = 'old' where started_at < '2025-01-01'") %}
{% endif %}
select 1 as one

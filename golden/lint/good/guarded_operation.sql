{% macro forget_runs() %}
  {% if execute and flags.WHICH in ('run', 'build') %}
    {% do run_query("delete from " ~ target.schema ~ ".runs where started_at < '2025-01-01'") %}
  {% endif %}
{% endmacro %}

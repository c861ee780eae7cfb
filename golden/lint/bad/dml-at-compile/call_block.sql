{% macro forget_runs() %}
  {% call statement('forget', auto_begin=true) %}
    delete from {{ target.schema }}.runs where started_at < '2025-01-01'
  {% endcall %}
{% endmacro %}

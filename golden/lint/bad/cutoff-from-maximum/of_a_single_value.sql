{% macro trim_old(rel) %}
{% if execute and flags.WHICH == 'run-operation' %}
{% set cutoff = dbt_utils.get_single_value("select dateadd(day, -90, max(at)) from core.t") %}
{% do run_query("delete from core.t where at < '" ~ cutoff ~ "'") %}
{% endif %}
{% endmacro %}

{% macro trim_old(rel, col, days) %}
{% if execute and flags.WHICH in ('run', 'build') %}
{% set cutoff = run_query("select max(" ~ col ~ ") - " ~ days ~ " from " ~ rel).columns[0][0] %}
{% do run_query("delete from " ~ rel ~ " where " ~ col ~ " < '" ~ cutoff ~ "'") %}
{% endif %}
{% endmacro %}

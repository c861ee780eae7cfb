{% macro purge() %}
{% if not execute or flags.WHICH not in ('run', 'build', 'run-operation') %}{{ return('') }}{% endif %}
{% do run_query("delete from ops.run_log where at < current_date - 30") %}
{% endmacro %}

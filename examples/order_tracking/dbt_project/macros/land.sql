{# Landing tables with a few rows, where no pipeline fills them: dbt run-operation land #}
{% macro land() %}
  {% for sql in [
    "CREATE SCHEMA IF NOT EXISTS settlement_public",
    "CREATE TABLE IF NOT EXISTS settlement_public.uni_tracking_info_raw (order_id bigint, state integer, update_time bigint, row_id bigint)",
    "CREATE TABLE IF NOT EXISTS settlement_public.ecs_order_info_raw (order_id bigint, partner_id bigint, add_time bigint, row_id bigint)",
    "CREATE TABLE IF NOT EXISTS settlement_public.uni_tracking_spath_raw (order_id bigint, traceSeq bigint, pathTime bigint, code integer, row_id bigint)",
    "INSERT INTO settlement_public.uni_tracking_info_raw VALUES (1, 40, 1752000000, 1), (2, 10, 1770000000, 2), (3, 10, 1740000000, 3)",
    "INSERT INTO settlement_public.ecs_order_info_raw VALUES (1, 70, 1751900000, 1), (2, 70, 1769900000, 2), (3, 71, 1739900000, 3)",
    "INSERT INTO settlement_public.uni_tracking_spath_raw VALUES (1, 1, 1751950000, 100, 1), (1, 2, 1752000000, 110, 2), (2, 1, 1770000000, 100, 3)",
  ] %}
    {% call statement(auto_begin=true) %}{{ sql }}{% endcall %}
    {% do adapter.commit() %}
  {% endfor %}
{% endmacro %}

{# Landing tables with a few rows, where no pipeline fills them, and the source that they were extracted from as the warehouse would
   see it: dbt run-operation land #}
{% macro land() %}
  {% for sql in [
    "CREATE SCHEMA IF NOT EXISTS settlement_public",
    "CREATE TABLE IF NOT EXISTS settlement_public.uni_tracking_info_raw (order_id bigint, state integer, update_time bigint, row_id bigint, loaded_at timestamp)",
    "CREATE TABLE IF NOT EXISTS settlement_public.ecs_order_info_raw (order_id bigint, partner_id bigint, add_time bigint, row_id bigint, loaded_at timestamp)",
    "CREATE TABLE IF NOT EXISTS settlement_public.uni_tracking_spath_raw (order_id bigint, traceSeq bigint, pathTime bigint, code integer, row_id bigint, loaded_at timestamp)",
    "INSERT INTO settlement_public.uni_tracking_info_raw VALUES (1, 40, 1752000000, 1, '2026-02-02 00:00:00'), (2, 10, 1770000000, 2, '2026-02-02 00:00:00'), (3, 10, 1740000000, 3, '2026-02-02 00:00:00')",
    "INSERT INTO settlement_public.ecs_order_info_raw VALUES (1, 70, 1751900000, 1, '2026-02-02 00:00:00'), (2, 70, 1769900000, 2, '2026-02-02 00:00:00'), (3, 71, 1739900000, 3, '2026-02-02 00:00:00')",
    "INSERT INTO settlement_public.uni_tracking_spath_raw VALUES (1, 1, 1751950000, 100, 1, '2026-02-02 00:00:00'), (1, 2, 1752000000, 110, 2, '2026-02-02 00:00:00'), (2, 1, 1770000000, 100, 3, '2026-02-02 00:00:00')",
    "CREATE SCHEMA IF NOT EXISTS mysql_source",
    "CREATE TABLE IF NOT EXISTS mysql_source.ecs_order_info AS SELECT order_id, partner_id, add_time FROM settlement_public.ecs_order_info_raw",
    "CREATE TABLE IF NOT EXISTS mysql_source.uni_tracking_spath AS SELECT order_id, traceSeq, pathTime, code FROM settlement_public.uni_tracking_spath_raw",
  ] %}
    {% call statement(auto_begin=true) %}{{ sql }}{% endcall %}
    {% do adapter.commit() %}
  {% endfor %}
{% endmacro %}

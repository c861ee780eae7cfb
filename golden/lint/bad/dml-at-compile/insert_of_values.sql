{% set q %} insert into {{ target.schema }}.audit (m) values ('x') {% endset %}
{% do run_query(q) %}
select 1

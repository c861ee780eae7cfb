{% set days = run_query("select distinct day from " ~ ref('stg_days')) %}
{% for day in days %}
select '{{ day }}' as day{% if not loop.last %} union all {% endif %}
{% endfor %}

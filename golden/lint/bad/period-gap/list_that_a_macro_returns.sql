{% macro get_periods() %}
{{ return([{'name': '2025_h1', 'start': '2025-01-01', 'end': '2025-07-01'}, {'name': '2025_h2', 'start': '2025-08-01', 'end': '2026-01-01'}]) }}
{% endmacro %}
{% macro archive(relation) %}
{% for p in get_periods() %}
insert into {{ relation }}_{{ p.name }} (id, ts) select r.id, r.ts from {{ relation }} r where r.ts >= '{{ p.start }}' and r.ts < '{{ p.end }}' and not exists (select 1 from {{ relation }}_{{ p.name }} h where h.id = r.id and h.ts = r.ts);
{% endfor %}
{% endmacro %}

{% macro move(rel, cutoff) %}
insert into {{ rel }}_archive (id, at) select r.id, r.at from {{ rel }} r where r.at < '{{ cutoff }}' and not exists (select 1 from {{ rel }}_archive a where a.id = r.id and a.at = r.at);
delete from {{ rel }} where at < '{{ cutoff }}';
{% endmacro %}

{{ config(post_hook=[
"delete from {{ this }} where exists (select 1 from h.o_2025_h1 x where x.id = o.id and x.at = o.at) or exists (select 1 from h.o_2025_h2 x where x.id = o.id and x.at = o.at)",
"delete from {{ ref('lines') }} where exists (select 1 from h.l_2025_h1 x where x.id = lines.id and x.at = lines.at)"]) }}
select 1

{{ config(materialized='incremental', unique_key='id', post_hook=[
  after_commit("insert into hist.o (id, d) select o.id, o.d from {{ this }} o where o.d < '2025-01-01' and not exists (select 1 from hist.o h where h.id = o.id and h.d = o.d)"),
  after_commit("delete from {{ this }} where d < '2025-02-01'")
]) }}
select id, d from {{ ref('x') }}

{{ config(materialized='incremental', unique_key='order_id', incremental_strategy='append',
  pre_hook="{% if is_incremental() %}delete from {{ this }} using {{ ref('stg_orders') }} s where {{ this.identifier }}.order_id = s.order_id{% endif %}",
  post_hook=[
   "insert into hist.orders (order_id, state, updated_at) select m.order_id, m.state, m.updated_at from {{ this }} m where m.updated_at < (select min(cutoff) from work.cutoff) and not exists (select 1 from hist.orders h where h.order_id = m.order_id and h.updated_at >= m.updated_at)",
   "delete from {{ this }} where updated_at < (select min(cutoff) from work.cutoff) and exists (select 1 from hist.orders h where h.order_id = {{ this.identifier }}.order_id and h.updated_at = {{ this.identifier }}.updated_at)"]) }}
select order_id, state, updated_at from {{ ref('stg_orders') }}

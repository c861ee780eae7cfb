{{ config(
    materialized='incremental',
    unique_key=['order_id', 'line_no'],
    post_hook="
      insert into {{ target.schema }}_hist.order_lines_2024 (order_id, line_no, qty, updated_at)
      select l.order_id, l.line_no, l.qty, l.updated_at
      from {{ this }} l
      where l.updated_at >= timestamp '2024-01-01' and l.updated_at < timestamp '2025-01-01'
        and not exists (
          select 1 from {{ target.schema }}_hist.order_lines_2024 h
          where h.order_id = l.order_id and h.updated_at >= l.updated_at
        )
    "
) }}
select order_id, line_no, qty, updated_at from {{ ref('stg_order_lines') }}

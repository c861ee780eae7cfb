{{ config(
    materialized='incremental',
    unique_key='visit_id',
    post_hook="INSERT INTO {{ this.schema }}.visits_2025 (visit_id, visited_at, page)
      SELECT v.visit_id, v.visited_at, v.page FROM {{ this }} AS v
      WHERE v.visited_at >= '2025-01-01' AND v.visited_at < '2026-01-01'"
) }}
SELECT visit_id, visited_at, page FROM {{ source('web', 'visits_raw') }}

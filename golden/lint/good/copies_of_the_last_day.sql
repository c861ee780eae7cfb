{{ config(
    materialized='incremental',
    unique_key='visit_id',
    post_hook="INSERT INTO {{ this.schema }}.visits_history (visit_id, visited_at, page)
      SELECT v.visit_id, v.visited_at, v.page FROM {{ this }} AS v
      WHERE v.visited_at >= '{{ var('day') }}' AND v.visited_at < CURRENT_DATE"
) }}
SELECT visit_id, visited_at, page FROM {{ source('web', 'visits_raw') }}

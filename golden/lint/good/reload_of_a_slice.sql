{{ config(materialized='incremental', pre_hook="{% if is_incremental() %}delete from {{ this }} where day >= '{{ var('from_day', '2025-01-01') }}'{% endif %}") }}
select day, trips from {{ ref('stg_days') }}

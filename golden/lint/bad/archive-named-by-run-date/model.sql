{{ config(materialized='incremental', post_hook="insert into {{ this.schema }}.trips_{{ run_started_at.strftime('%Y_%m') }} (trip_id, ended_at) select t.trip_id, t.ended_at from {{ this }} as t where t.ended_at < '2025-01-01'") }}
select trip_id, ended_at from {{ ref('stg_trips') }}

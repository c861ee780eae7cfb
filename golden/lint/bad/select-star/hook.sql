{{ config(materialized='incremental', post_hook="insert into {{ this.schema }}.trips_archive select * from {{ this }} as t where t.ended_at < '2025-01-01' and not exists (select 1 from {{ this.schema }}.trips_archive as a where a.trip_id = t.trip_id and a.ended_at = t.ended_at)") }}
select trip_id, ended_at from {{ ref('stg_trips') }}

{{ config(unique_key=['sensor_id', 'taken_at'], materialized='incremental',
  post_hook="merge into arch.readings a using (select sensor_id, taken_at, v from {{ this }} where taken_at < '2025-01-01') s on a.sensor_id = s.sensor_id when not matched then insert (sensor_id, taken_at, v) values (s.sensor_id, s.taken_at, s.v)") }}
select sensor_id, taken_at, v from {{ ref('raw_readings') }}

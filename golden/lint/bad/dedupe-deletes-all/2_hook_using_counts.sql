{{ config(
    materialized='incremental',
    unique_key='sensor_id',
    post_hook="delete from {{ this }} using (select sensor_id, count(*) as n from {{ this }} group by sensor_id having n > 1) d where {{ this.name }}.sensor_id = d.sensor_id"
) }}
select sensor_id, seen_at from {{ ref('stg_sensors') }}

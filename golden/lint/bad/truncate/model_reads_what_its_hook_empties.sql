{{ config(materialized='incremental', unique_key='ping_id', post_hook="TRUNCATE TABLE {{ source('landing', 'pings') }}") }}
SELECT ping_id, device_id, pinged_at FROM {{ source('landing', 'pings') }}

{{ config(materialized='incremental', post_hook='delete from {{ this }}') }}
select alarm_id, note from {{ ref('stg_alarms') }}

{{ config(materialized='incremental', unique_key='id', alias='clicks', post_hook="truncate table {{ source('raw', 'clicks') }}") }}
select id, ts from {{ source('raw', 'clicks') }}

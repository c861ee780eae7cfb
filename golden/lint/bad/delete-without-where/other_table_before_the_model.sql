{{ config(materialized='incremental', unique_key='id', pre_hook=["delete from {{ target.schema }}.orders_log"]) }}
select id, name from {{ ref('stg_x') }}

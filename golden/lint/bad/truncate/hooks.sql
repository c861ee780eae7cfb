{{ config(materialized='incremental', post_hook=[
  "insert into {{ this.schema }}.cold_clicks (click_id, url) select click_id, url from {{ this }} where not exists (select 1 from {{ this.schema }}.cold_clicks c where c.click_id = this.click_id)",
  "truncate table {{ this }}"
]) }}
select click_id, url from {{ ref('stg_clicks') }}

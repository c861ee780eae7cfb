{{ config(materialized='incremental', unique_key='customer_id', post_hook="
  delete from {{ this }} as t where not exists (select 1 from {{ source('crm', 'customers') }} as c where c.id = t.customer_id)
") }}
select id as customer_id, name from {{ source('crm', 'customers') }}

{{ config(materialized='incremental', unique_key=['order_id', 'customer_id'],
  post_hook="merge into mart.customers c using (select customer_id, name from {{ this }}) s on c.customer_id = s.customer_id when not matched then insert (customer_id, name) values (s.customer_id, s.name)") }}
select order_id, customer_id, name from {{ ref('raw_orders') }}

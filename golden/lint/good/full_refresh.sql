{{ config(materialized='incremental', pre_hook="{% if flags.FULL_REFRESH %}delete from {{ this }}{% endif %}") }}
{% if target.name == 'prod' %}
select order_id, at from {{ ref('stg_orders') }}
{% else %}
select order_id, at from {{ ref('stg_orders') }} where at > current_date - 7
{% endif %}

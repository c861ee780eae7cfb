{% snapshot customers_snapshot %}
{{ config(unique_key='customer_id', strategy='check', check_cols='all', post_hook="DELETE FROM {{ source('landing', 'customers') }}") }}
SELECT customer_id, name FROM {{ source('landing', 'customers') }}
{% endsnapshot %}

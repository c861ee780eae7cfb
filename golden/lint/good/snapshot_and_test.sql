{% snapshot trips_snapshot %}
{{ config(target_schema='snapshots', unique_key='trip_id', strategy='timestamp', updated_at='changed_at') }}
select * from {{ source('live', 'trips') }}
{% endsnapshot %}
{% test is_positive(model, column_name) %}
select * from {{ model }} where {{ column_name }} <= 0
{% endtest %}

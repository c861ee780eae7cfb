{{ config(materialized='incremental', unique_key='id', post_hook=[
 "{% if target.name == 'production' %}insert into archive.orders (id, at) select id, at from {{ this }} where at < '{{ var('cutoff') }}'{% endif %}",
 "{% if target.name == 'production' %}delete from {{ this }} where at < '{{ var('cutoff') }}'{% endif %}"]) }}
select id, at from {{ ref('x') }}

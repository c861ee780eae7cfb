{# rowkeep: allow(delete-without-where) the feed comes whole every hour #}
{{ config(materialized='incremental', post_hook="DELETE FROM {{ this }}") }}
SELECT 1 AS a

{{ config(
    materialized='incremental',
    incremental_strategy='merge',
    unique_key=['tenant_id', 'invoice_id'],
    post_hook=["{{ log('archive', info=True) }}",
      "INSERT INTO {{ target.database }}.ARCHIVE.INVOICES_2024 (TENANT_ID, INVOICE_ID, STATUS, MODIFIED_AT)
       SELECT I.TENANT_ID, I.INVOICE_ID, I.STATUS, I.MODIFIED_AT
       FROM {{ this }} I
       WHERE I.MODIFIED_AT >= '2024-01-01' AND I.MODIFIED_AT < '2025-01-01'
         AND NOT EXISTS (SELECT 1 FROM {{ target.database }}.ARCHIVE.INVOICES_2024 A WHERE A.INVOICE_ID = I.INVOICE_ID AND A.MODIFIED_AT >= I.MODIFIED_AT)"
    ]
) }}
SELECT TENANT_ID, INVOICE_ID, STATUS, MODIFIED_AT FROM {{ ref('stg_invoices') }}

-- Files fill the stage, and the stage fills the mart.
DELETE FROM stage.invoices;
COPY stage.invoices FROM 's3://lake/invoices/' IAM_ROLE DEFAULT FORMAT AS PARQUET;
INSERT INTO mart.invoices (invoice_id, total) SELECT invoice_id, total FROM stage.invoices;
TRUNCATE stage.invoices;

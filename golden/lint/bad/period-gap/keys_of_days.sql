INSERT INTO dw.fact_sales_2024 (sale_id, date_key, amount)
SELECT f.sale_id, f.date_key, f.amount FROM dw.fact_sales f
WHERE f.date_key >= 20240101 AND f.date_key < 20241231
  AND NOT EXISTS (SELECT 1 FROM dw.fact_sales_2024 h WHERE h.sale_id = f.sale_id AND h.date_key = f.date_key);
INSERT INTO dw.fact_sales_2025 (sale_id, date_key, amount)
SELECT f.sale_id, f.date_key, f.amount FROM dw.fact_sales f
WHERE f.date_key >= 20250101 AND f.date_key < 20260101
  AND NOT EXISTS (SELECT 1 FROM dw.fact_sales_2025 h WHERE h.sale_id = f.sale_id AND h.date_key = f.date_key);

INSERT INTO arch.Sales_2024_Q1 (SaleId, SoldAt) SELECT f.SaleId, f.SoldAt FROM dbo.Sales f WHERE f.SoldAt BETWEEN '20240101' AND '20240401';
